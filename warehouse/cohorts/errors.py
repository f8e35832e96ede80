"""Why a cohort cannot be saved or shown."""

from sdk_contract.errors import Terminal


class BadCohort(Terminal):
    """The text names the cohort or the value, and what would do."""
