"""What can go wrong with a connection."""

from sdk_contract.errors import Terminal, Transient


class BadConnection(Terminal):
    """A connection's file cannot be used, or what it asks for is not there."""


class SourceAway(Transient):
    """The other system did not answer, or answered with an error; the same again later can succeed."""
