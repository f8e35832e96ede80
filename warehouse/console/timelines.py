"""A customer's timeline as a page shows it: sessions by device or by time, a screen of them at a time."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct

# An escaped backslash is matched too, so that what follows it is not taken for an escape.
ESCAPES = re.compile(r"\\\\|(?:\\u[0-9a-fA-F]{4})+")
PAGE_SESSIONS = 20
SESSION_EVENTS = 200

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
    session_id: str
    device_id: str | None
    started_at: str
    ended_at: str
    entry: str
    count: int
    events: list[Event]

    @property
    def hidden(self) -> int:
        return self.count - len(self.events)


class Device(Struct, frozen=True):
    """Sessions of one device, the newest first; `device_id` is None for what servers sent."""

    device_id: str | None
    sessions: list[Session]


class Attribute(Struct, frozen=True):
    """What is known of the customer; `value` is readable text."""

    name: str
    value: str
    source: str
    said_at: str
    contradictory: bool


class Shown(Struct, frozen=True):
    """What one screen of a customer's page shows."""

    customer_id: str
    identities: Sequence[Json]
    sessions: int
    events: int
    devices: int
    users: int
    by: str
    groups: list[Device]
    older: int | None
    attributes: Sequence[Attribute] = ()

    @property
    def since(self) -> str:
        return min((identity["first_seen"] for identity in self.identities), default="")

    @property
    def title(self) -> str:
        """The user id where there is one, since people know that one."""
        named = [identity["value"] for identity in self.identities if identity["kind"] == "user_id"]
        return str(named[0]) if named else self.customer_id


def shown(timeline: Json, by: str = "device", skip: int = 0) -> Shown:
    """One screen of a timeline (the JSON of `sojourn timeline`), `skip` sessions from the newest."""
    sessions = sorted(
        timeline["sessions"], key=lambda one: (one["started_at"], one["session_id"]), reverse=True
    )
    window = [session_of(one) for one in sessions[skip : skip + PAGE_SESSIONS]]
    identities = timeline["identities"]
    return Shown(
        customer_id=timeline["customer_id"],
        identities=identities,
        sessions=len(sessions),
        events=sum(len(one["events"]) for one in sessions),
        devices=sum(identity["kind"] == "anonymous_id" for identity in identities),
        users=sum(identity["kind"] == "user_id" for identity in identities),
        by=by if by == "time" else "device",
        groups=[Device(None, window)] if by == "time" else devices(window),
        older=skip + PAGE_SESSIONS if skip + PAGE_SESSIONS < len(sessions) else None,
        attributes=[attribute_of(one) for one in timeline.get("attributes", ())],
    )


def attribute_of(raw: Json) -> Attribute:
    value = text_of(raw["value"].encode())
    return Attribute(raw["name"], value, raw["source"] or "", raw["said_at"], raw["contradictory"])


def devices(sessions: Iterable[Session]) -> list[Device]:
    """Sessions grouped by device; the device used last comes first."""
    found: dict[str | None, list[Session]] = {}
    for session in sessions:
        found.setdefault(session.device_id, []).append(session)
    return [Device(device_id, own) for device_id, own in found.items()]


def session_of(raw: Json) -> Session:
    return Session(
        session_id=raw["session_id"],
        device_id=raw["device_id"],
        started_at=raw["started_at"],
        ended_at=raw["ended_at"],
        entry=entry_of(raw["events"]),
        count=len(raw["events"]),
        events=[event_of(event) for event in raw["events"][:SESSION_EVENTS]],
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
