"""The two roots of every error in Sojourn, and the one this package raises for a whole request."""

from sdk_contract.verdicts import Reason


class SojournError(Exception):
    """An error that a person can act on: its text names the field, the value and what would do."""


class Transient(SojournError):
    """Trying the same thing again later can succeed."""


class Terminal(SojournError):
    """Trying the same thing again cannot succeed."""


class Refused(Terminal):
    """A whole request is refused; `reason.status` is the HTTP status of the answer."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(f"{reason.value}: {detail}")
        self.reason = reason
        self.detail = detail


class PlanError(Terminal):
    """A tracking plan cannot be used; the text names the place in its file and what would do."""


class SettingError(Terminal):
    """A setting cannot be used; the text names the variable, the value and what would do."""
