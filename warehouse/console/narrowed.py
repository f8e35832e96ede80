"""Which live events a visitor wants, as the address of the page says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode

import msgspec

from sdk_contract.verdicts import Verdict
from warehouse.arrived import Wanted

FIELDS: Final = ("event", "user", "key", "sdk", "verdict")
PROBLEMS: Final = "problems"
# A value of the filter -> the verdicts it means.
VERDICTS: Final[Mapping[str, tuple[str, ...]]] = {
    PROBLEMS: tuple(one.value for one in Verdict if one is not Verdict.OK),
    **{one.value: (one.value,) for one in Verdict},
}
_LONGEST: Final = 500

Live = Mapping[str, Any]


class Narrowed(msgspec.Struct, frozen=True):
    """The filter as it was typed; empty texts leave everything in."""

    event: str = ""
    user: str = ""
    key: str = ""
    sdk: str = ""
    verdict: str = ""

    @property
    def wanted(self) -> Wanted:
        """The same as a question to the lake."""
        texts = {name: getattr(self, name) or None for name in ("event", "user", "key", "sdk")}
        return Wanted(verdicts=VERDICTS.get(self.verdict, ()), **texts)

    @property
    def address(self) -> str:
        """As the query of an address, in which only what was typed stands."""
        return urlencode({name: text for name, text in msgspec.structs.asdict(self).items() if text})

    def takes(self, event: Live) -> bool:
        """Whether a live event is one of those."""
        if self.event and self.event not in (event.get("event"), event.get("type")):
            return False
        if self.user and self.user not in (event.get("user_id"), event.get("anonymous_id")):
            return False
        if self.key and self.key != event.get("key_id"):
            return False
        sdk = f"{event.get('sdk') or ''} {event.get('dialect') or ''}".lower()
        if self.sdk and self.sdk.lower() not in sdk:
            return False
        return not self.verdict or event.get("verdict") in VERDICTS.get(self.verdict, ())


def narrowed(given: Mapping[str, str]) -> Narrowed:
    """The filter in an address; a verdict that is none is left out."""
    texts = {name: given.get(name, "").strip()[:_LONGEST] for name in FIELDS}
    if texts["verdict"] not in VERDICTS:
        texts["verdict"] = ""
    return Narrowed(**texts)
