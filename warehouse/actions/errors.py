"""Why a rule or a destination of actions cannot be used."""

from sdk_contract.errors import Terminal


class BadAction(Terminal):
    """A rule or destination that cannot be meant; the text names it, the value and what would do."""


class SecretMissing(Terminal):
    """A destination names a secret that is not there, or cannot be read any more."""


class Unsafe(Terminal):
    """An address that actions may not be sent to."""
