"""What a load test can fail with."""

from sdk_contract.errors import Terminal, Transient


class ConnectionLost(Transient):
    """The connection ended before the answer was complete; the same request may be sent again."""


class GaveUp(Terminal):
    """A request, or a wait for a state of the programs, did not succeed within the time allowed."""


class ProgramFailed(Terminal):
    """A program under test did not start, or ended by itself."""


class BadOutput(Terminal):
    """A program printed something else than was agreed."""


class UnknownRun(Terminal):
    """A run was asked for that no command makes."""


class UnknownStep(Terminal):
    """A kill was asked for at a step that no program has."""


class NoCompiler(Terminal):
    """The power-cut test needs a C compiler."""
