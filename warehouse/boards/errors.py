"""SojournError
└── Terminal
    └── BadBoard  a board that cannot be used
"""

from sdk_contract.errors import Terminal


class BadBoard(Terminal):
    """A board cannot be used as it is written; the text names the field and what would do."""
