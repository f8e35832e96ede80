"""What can go wrong on the way from a request to landing."""

from sdk_contract.errors import Terminal, Transient


class JournalUnavailable(Transient):
    """The journal could not be made durable: nothing of this request is acknowledged."""


class CannotStart(Terminal):
    """A program cannot begin: a port, a folder or another program is in its way, and the text says which."""


class JournalBusy(CannotStart):
    """Another process holds the folder: a worker's journal, or the one sink of a data folder."""


class LandingDiffers(Terminal):
    """An object of this name is in landing, but it was not made from this segment."""


class NotRecovered(Transient):
    """Some of a dead machine's segments could not be published; they are still where they were."""
