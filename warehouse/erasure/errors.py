"""What can go wrong with an erasure."""

from sdk_contract.errors import Terminal, Transient


class BadErasure(Terminal):
    """What is asked cannot be erased or written out as it is."""


class LookFailed(Transient):
    """The search for what is left of somebody ended early; it is begun again."""


class StillRead(Transient):
    """A database holds on to what was deleted while somebody reads it."""
