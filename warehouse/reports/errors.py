"""SojournError
└── Terminal
    └── BadReport  a report that cannot be made as it is asked for
"""

from sdk_contract.errors import Terminal


class BadReport(Terminal):
    """A report cannot be made; the text names the field and what would do."""
