"""Which SDKs have sent something with a key: the newest event of each, and of all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from warehouse.arrived import Sender
from warehouse.console.snippets import Sdk, sender

_LONGEST = 200


class Came(msgspec.Struct, frozen=True):
    """An event that came, and the SDK it came from: None where the list has none of the kind."""

    sdk: Sdk | None
    named: str
    message_id: str
    event: str
    verdict: str
    reason: str | None
    pointer: str | None
    received_at: int

    @property
    def is_good(self) -> bool:
        return self.verdict in ("ok", "warning", "duplicate")


class Wait:
    """What has come so far; `by` is the newest event of each SDK by its name in the list."""

    def __init__(self) -> None:
        self.by: dict[str, Came] = {}
        self.newest: Came | None = None

    def take(self, event: Mapping[str, Any]) -> None:
        """One live event."""
        said = event.get("event") or event.get("type") or ""
        self._note(
            Came(
                sender(event.get("dialect") or "", event.get("sdk")),
                event.get("sdk") or event.get("dialect") or "",
                event["message_id"], said[:_LONGEST], event["verdict"], event.get("reason"),
                event.get("pointer"), event["received_at"],
            )
        )  # fmt: skip

    def know(self, one: Sender) -> None:
        """One that the lake knows."""
        sdk = sender(one.dialect, one.sdk)
        rest = (one.message_id, one.event[:_LONGEST], one.verdict, one.reason, one.pointer, one.received_at)
        self._note(Came(sdk, one.sdk or one.dialect, *rest))

    def _note(self, one: Came) -> None:
        if self.newest is None or one.received_at >= self.newest.received_at:
            self.newest = one
        if one.sdk is not None:
            known = self.by.setdefault(one.sdk.name, one)
            self.by[one.sdk.name] = max(known, one, key=lambda each: each.received_at)


def came(found: Iterable[Sender]) -> Wait:
    """What is known before the wait begins."""
    wait = Wait()
    for one in found:
        wait.know(one)
    return wait
