"""A customer's timeline as a page shows it: sessions by device or by time."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct

# An escaped backslash is matched too, so that what follows it is not taken for an escape.
ESCAPES = re.compile(r"\\\\|(?:\\u[0-9a-fA-F]{4})+")
PAGE_EVENTS = 100

Json = Mapping[str, Any]


class Event(Struct, frozen=True):
    """One event: what it is called, where it happened, and all it carries as (name, JSON text)."""

    message_id: str
    type: str
    name: str
    at: str
    place: str
    verdict: str
    parts: list[tuple[str, list[tuple[str, str]]]]


class Session(Struct, frozen=True):
    """A visit and those of its events that are on this screen; `idle` seconds passed before it."""

    session_id: str
    device_id: str | None
    started_at: str
    ended_at: str
    entry: str
    count: int
    idle: float | None
    events: list[Event]

    @property
    def hidden(self) -> int:
        return self.count - len(self.events)


class Device(Struct, frozen=True):
    """Sessions of one device, the newest first; `device_id` is None for what servers sent."""

    device_id: str | None
    sessions: list[Session]


class Shown(Struct, frozen=True):
    """What one screen of a customer's timeline shows; `older` is the cursor of the next one."""

    by: str
    groups: list[Device]
    older: str | None


def shown(timeline: Json, by: str = "device") -> Shown:
    """One screen of a page of a timeline (the JSON of `sojourn timeline`)."""
    window = [session_of(one) for one in timeline["sessions"]]
    by_time = by == "time"
    groups = [Device(None, window)] if by_time and window else devices(window)
    return Shown("time" if by_time else "device", groups, timeline["next"])


def devices(sessions: Iterable[Session]) -> list[Device]:
    """Sessions grouped by device; the device used last comes first."""
    found: dict[str | None, list[Session]] = {}
    for session in sessions:
        found.setdefault(session.device_id, []).append(session)
    return [Device(device_id, own) for device_id, own in found.items()]


def session_of(raw: Json) -> Session:
    events = sorted(raw["events"], key=lambda event: event["timestamp"])
    return Session(
        session_id=raw["session_id"],
        device_id=raw["device_id"],
        started_at=raw["started_at"],
        ended_at=raw["ended_at"],
        entry=entry_of(events),
        count=raw["total"] or len(events),
        idle=raw["idle_seconds"],
        events=[event_of(event) for event in events],
    )


def entry_of(events: Sequence[Json]) -> str:
    """What the visit began with: the first title or name among its events."""
    titles = (event.get("page_title") or event.get("event") for event in events)
    return next((title for title in titles if title), "")


def event_of(raw: Json) -> Event:
    return Event(
        message_id=raw["message_id"],
        type=raw["type"],
        name=raw.get("event") or "",
        at=raw["timestamp"],
        place=raw.get("page_path") or "",
        verdict=raw.get("verdict") or "ok",
        parts=[
            (name, fields_of(raw.get(name)))
            for name in ("properties", "traits", "context")
            if fields_of(raw.get(name))
        ],
    )


def fields_of(value: Any) -> list[tuple[str, str]]:
    """(name, text) of each field of an object, which may come as JSON text; numbers keep their digits."""
    if isinstance(value, Mapping):
        value = msgspec.json.encode(value).decode()
    if not isinstance(value, str) or not value.lstrip().startswith("{"):
        return []
    try:
        fields = msgspec.json.decode(value, type=dict[str, msgspec.Raw])
    except msgspec.DecodeError:
        return [("", value)]
    return [(name, text_of(bytes(raw))) for name, raw in fields.items()]


def text_of(raw: bytes) -> str:
    """Texts without their quotes; everything else as the JSON that was sent, its escaped letters readable."""
    if raw.startswith(b'"'):
        return msgspec.json.decode(raw, type=str)
    return ESCAPES.sub(_readable, raw.decode())


def _readable(found: re.Match[str]) -> str:
    """The letters of a run of \\uXXXX; what is no letter stays escaped."""
    text: str = json.loads(f'"{found[0]}"')
    return text if text.isprintable() and not {'"', "\\"} & set(text) else found[0]
