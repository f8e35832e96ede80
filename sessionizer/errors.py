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


class ProbableMissing(Terminal):
    """Probable identity was asked for, and what it needs is not installed."""


class ProbableOff(Terminal):
    """Probable identity was asked for, and it is switched off."""


class BadRecords(Terminal):
    """A file of records to compare, or of a model, cannot be used."""


class BadDecision(Terminal):
    """What somebody wants to decide about ids cannot be decided like that."""
