"""Why rules of tags, or a cohort, cannot be used."""

from sdk_contract.errors import Terminal


class BadTags(Terminal):
    """A rule that cannot be meant; the text names the tag, the value and what would do."""


class BadCohort(Terminal):
    """A cohort that cannot be made, or that there is none of."""
