"""Why rules of tags cannot be used."""

from sdk_contract.errors import Terminal


class BadTags(Terminal):
    """A rule that cannot be meant; the text names the tag, the value and what would do."""
