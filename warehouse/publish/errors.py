"""What can go wrong on the way out."""

from sdk_contract.errors import Terminal, Transient


class BadDestination(Terminal):
    """What is asked of a destination cannot be done: its address, its tables, its password's place."""


class DestinationAway(Transient):
    """The destination does not answer now, or is busy."""


class DestinationRefused(Terminal):
    """The destination answered no: login, rights, or a schema of another lake."""
