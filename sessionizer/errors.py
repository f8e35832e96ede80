"""What can go wrong while events become sessions and customers."""

from sdk_contract.errors import Terminal


class Interrupted(Terminal):
    """The program was told to stop in the middle of something that the next start goes on with."""


class UnknownCommand(Terminal):
    """Somebody filed a command that this writer does not know."""


class BadCommand(Terminal):
    """A command's arguments will not do."""


class CommandFailed(Terminal):
    """The running writer could not do what it was asked."""


class BadRules(Terminal):
    """Session rules that do not exist, or cannot be used for this."""
