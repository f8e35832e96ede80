"""What can go wrong with an erasure."""

from sdk_contract.errors import Terminal


class BadErasure(Terminal):
    """What is asked cannot be erased or written out as it is."""
