"""What the settings say of single sign-on: the provider, and who becomes what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec

from sdk_contract.errors import SettingError
from sdk_contract.settings import Secret
from warehouse.access.roles import ROLES
from warehouse.console.guard import is_loopback
from warehouse.console.settings import ConsoleSettings
from warehouse.console.sign_on.refusals import NotSignedOn, Refusal

_TRUE: Final = (True, "true")


class Rules(msgspec.Struct, frozen=True):
    """`roles`: (value of `claim`, role), the first that fits; `role`: of whom none fits, empty: nobody is let
    in. `domains`: of verified e-mail addresses, empty: any. `create`: users are made at their first sign-on;
    `adopt`: a user who is named by the verified address becomes theirs.
    """

    issuer: str
    client: str
    secret: Secret | None
    scopes: str
    claim: str
    roles: Sequence[tuple[str, str]]
    role: str
    domains: frozenset[str]
    create: bool
    adopt: bool


class Person(msgspec.Struct, frozen=True):
    """Whom the provider vouches for: `subject` is theirs for ever, `email` verified or None; `role` as the
    rules have it.
    """

    issuer: str
    subject: str
    email: str | None
    role: str


def rules_of(settings: ConsoleSettings) -> Rules | None:
    """None where nobody signs on. SettingError names what is missing or will not do."""
    if not settings.sso_issuer:
        if settings.sso_only:
            raise SettingError("SOJOURN_SSO_ONLY is set without SOJOURN_SSO_ISSUER: nobody could sign in")
        return None
    _require_safe(settings.sso_issuer)
    if not settings.sso_client:
        raise SettingError("SOJOURN_SSO_CLIENT is empty; the client id that the provider gave would do")
    return Rules(
        settings.sso_issuer,
        settings.sso_client,
        _secret(settings),
        settings.sso_scopes,
        settings.sso_claim,
        [_mapped(text) for text in _listed(settings.sso_roles)],
        _role("SOJOURN_SSO_ROLE", settings.sso_role) if settings.sso_role else "",
        frozenset(one.lower().lstrip("@") for one in _listed(settings.sso_domains)),
        settings.sso_create,
        settings.sso_adopt,
    )


def person(claims: Mapping[str, Any], rules: Rules) -> Person:
    """Whom the claims of a verified ID token are about. NotSignedOn where the rules do not let them in."""
    verified = claims.get("email_verified") in _TRUE
    email = str(claims.get("email") or "").strip().lower() if verified else ""
    if rules.domains and email.rpartition("@")[2] not in rules.domains:
        raise NotSignedOn(Refusal.DOMAIN, email or "no verified e-mail address")
    role = _role_of(claims, rules)
    if not role:
        raise NotSignedOn(Refusal.ROLE, f"{rules.claim} is {claims.get(rules.claim)!r}"[:300])
    return Person(rules.issuer, str(claims["sub"]), email or None, role)


def _role_of(claims: Mapping[str, Any], rules: Rules) -> str:
    said = claims.get(rules.claim)
    values = {str(one) for one in said} if isinstance(said, list) else {str(said)}
    return next((role for value, role in rules.roles if value in values), rules.role)


def _require_safe(issuer: str) -> None:
    parts = urlsplit(issuer)
    plain = parts.scheme == "http" and is_loopback(parts.hostname or "")
    if not parts.hostname or not (parts.scheme == "https" or plain) or parts.query or parts.fragment:
        raise SettingError(
            f"SOJOURN_SSO_ISSUER={issuer!r} will not do: https://NAME would, as the provider tells it"
        )


def _secret(settings: ConsoleSettings) -> Secret | None:
    if not settings.sso_secret_file:
        return settings.sso_secret
    try:
        return Secret(Path(settings.sso_secret_file).read_text("utf-8").strip())
    except (OSError, ValueError) as error:
        raise SettingError(
            f"SOJOURN_SSO_SECRET_FILE={settings.sso_secret_file!r} cannot be read: {error}"
        ) from None


def _mapped(text: str) -> tuple[str, str]:
    value, equals, role = text.rpartition("=")
    if not equals or not value.strip():
        raise SettingError(f"SOJOURN_SSO_ROLES: {text!r} will not do; VALUE=ROLE would, by commas")
    return value.strip(), _role("SOJOURN_SSO_ROLES", role.strip())


def _role(variable: str, role: str) -> str:
    if role not in ROLES:
        raise SettingError(f"{variable}: there is no role {role!r}; it must be one of {', '.join(ROLES)}")
    return role


def _listed(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]
