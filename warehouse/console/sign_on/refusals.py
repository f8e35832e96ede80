"""Why somebody is not signed on: one closed list behind the login page's words and the audit log."""

from __future__ import annotations

from enum import StrEnum

from sdk_contract.errors import Terminal


class Refusal(StrEnum):
    """Each has a text `sign_on.…` in every language."""

    BEGIN = "begin"  # not begun in this browser, begun too long ago, or another one's way back
    AWAY = "away"  # the provider does not answer, or not as OpenID Connect says
    DENIED = "denied"  # the provider let nobody in
    TOKEN = "token"  # the ID token is not what it has to be
    DOMAIN = "domain"  # no verified e-mail address of a domain that is let in
    ROLE = "role"  # nothing that is said of them gives a role
    TAKEN = "taken"  # a user of that name is here already, and is not theirs
    UNKNOWN = "unknown"  # there is no user of theirs, and none is made
    DISABLED = "disabled"  # their user may not sign in


class NotSignedOn(Terminal):
    """Single sign-on ended without a login; `detail` is for the audit log, without secrets."""

    def __init__(self, why: Refusal, detail: str = "") -> None:
        super().__init__(f"{why}: {detail}" if detail else why.value)
        self.why = why
