"""SojournError
└── Terminal
    └── BadWatch  a definition that cannot be used
"""

from sdk_contract.errors import Terminal


class BadWatch(Terminal):
    """A watch cannot be used as it is written; the text names the field and what would do."""
