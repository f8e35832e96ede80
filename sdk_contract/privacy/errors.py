"""What can go wrong with policies, keys and tokens."""

from sdk_contract.errors import Terminal


class PolicyError(Terminal):
    """A privacy policy cannot be used; the text names the place in it and what would do."""


class BadToken(Terminal):
    """A text is no token that was made here, or it was changed since."""


class KeyGone(Terminal):
    """The key of a token is not here: it was forgotten, so what it encrypted is shredded."""

    def __init__(
        self, key_id: str, why: str = "it was forgotten, or it belongs to another data folder"
    ) -> None:
        super().__init__(f"key {key_id!r} is not here: {why}; without it nobody can read the value")
        self.key_id = key_id
