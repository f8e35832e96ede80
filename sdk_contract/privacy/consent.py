"""Whether an event may be kept: what the person consented to, and what their browser asked for."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from msgspec import Struct

from sdk_contract.privacy.policy import Policy
from sdk_contract.verdicts import Fault, Reason

_SIGNALS: Final = ((b"sec-gpc", "gpc"), (b"dnt", "dnt"))


class _Preferences(Struct, frozen=True, rename="camel"):
    category_preferences: dict[str, Any] = {}


class _Context(Struct):
    consent: _Preferences = _Preferences()


_decode = msgspec.json.Decoder(_Context).decode


def signals_of(headers: Mapping[bytes, bytes]) -> str | None:
    """What the browser asked for: `gpc`, `dnt`, `gpc,dnt` or None. Headers by lower-case name."""
    found = [name for header, name in _SIGNALS if headers.get(header, b"").strip() == b"1"]
    return ",".join(found) or None


def consents(
    category: str | None, context: bytes | None, policy: Policy, signals: str | None
) -> Fault | None:
    """Why an event must be kept out; None where it may be kept.

    `category` is what the tracking plan says the event needs consent for, `context` the event's context as
    JSON. A "no" in `context.consent.categoryPreferences` counts under every policy.
    """
    if signals and (asked := _asked(signals, policy)):
        return Fault(Reason.CONSENT, None, f"no {asked} header")
    category = category or policy.consent.default
    if category is None:
        return None
    answer = _preferences(context).get(category)
    if answer is True or (answer is None and policy.consent.missing == "allow"):
        return None
    return Fault(Reason.CONSENT, _pointer(category), "true")


def _asked(signals: str, policy: Policy) -> str | None:
    if policy.gpc == "filter" and "gpc" in signals:
        return "Sec-GPC"
    return "DNT" if policy.dnt == "filter" and "dnt" in signals else None


def _preferences(context: bytes | None) -> dict[str, Any]:
    if not context or b"categoryPreferences" not in context:
        return {}
    try:
        return _decode(context).consent.category_preferences
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {}


def _pointer(category: str) -> str:
    return "/context/consent/categoryPreferences/" + category.replace("~", "~0").replace("/", "~1")
