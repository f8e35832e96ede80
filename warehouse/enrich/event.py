"""What enrichment says of one event by itself: when it happened, whether it repeats another, clean values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol

import msgspec

from sdk_contract.canonical import Event
from sdk_contract.cleaning import clean_properties
from warehouse.enrich.clock import moment
from warehouse.enrich.devices import DeviceClocks

MOMENT: Final = ("timestamp", "clock", "clock_offset", "repeated", "sent_at")
CLICKED: Final = ("track", "page")
_OF_TRAITS: Final = ("identify", "group")
_encode = msgspec.json.Encoder().encode


class Cleans(Protocol):
    """A compiled tracking plan, as far as it says how values are cleaned."""

    def cleaners(self, of_type: str, name: str | None) -> Mapping[tuple[str, ...], str]: ...


Plans = Callable[[str, str], Cleans | None]


class Asked(msgspec.Struct, frozen=True):
    """What the times of an event's request are, µs UTC, and whose devices are remembered."""

    project: str
    received_at: int
    sent_at: int | None
    clocks: DeviceClocks


def moment_of(event: Event, asked: Asked, message_id: str, *, taken: bool) -> tuple[Any, ...]:
    """The values of `MOMENT`. `taken`: the door took the event; what was refused is no deed."""
    sent = asked.sent_at if event.sent_at is None else event.sent_at
    device = event.anonymous_id
    if device is None:
        return (*moment(event.timestamp, sent, asked.received_at, None), None, sent)
    is_deed = taken and event.type in CLICKED
    deed = hash((event.type, event.event, event.properties)) if is_deed else None
    (timestamp, clock, offset), repeated = asked.clocks.see(
        (asked.project, device), event.timestamp, sent, asked.received_at, deed, message_id
    )
    return timestamp, clock, offset, repeated, sent


def clean(event: Event, plan: Cleans) -> str | None:
    """Cleans what the plan names; gives pointer -> value as sent (JSON), None where all was clean."""
    cleaners = plan.cleaners(event.type or "", event.event)
    if not cleaners:
        return None
    field = "traits" if event.type in _OF_TRAITS else "properties"
    text = getattr(event, field)
    found = clean_properties(text, cleaners) if text else None
    if found is None:
        return None
    setattr(event, field, found[0])
    return _encode({f"/{field}{pointer}": value for pointer, value in found[1].items()}).decode()
