"""A customer's profile: what all sessions, traits and newest events say of one customer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec

from warehouse.lake import Lake
from warehouse.statements import statement
from warehouse.times import iso_time
from warehouse.visited import Identity, Visit, bounds, during, known_as, sessions_of

READ_SESSIONS: Final = 50
READ_EVENTS: Final = 20_000
_SAID: Final = "timezone, signals, category, properties, context"
_CONSENT_TRAIT: Final = "consent"


class KnownId(msgspec.Struct, frozen=True):
    """An id of the customer; `evidence` says what joined it. Times are ISO 8601, UTC, as everywhere here."""

    kind: str
    value: str
    first_seen: str
    last_seen: str
    evidence: str


class Worth(msgspec.Struct, frozen=True):
    """What key events were worth in a currency; null: none was named."""

    currency: str | None
    order_value: float
    sessions: int


class Lifetime(msgspec.Struct, frozen=True):
    """Sums over all sessions. `engaged_seconds` as in `sessions`; `worth` by currency."""

    sessions: int
    events: int
    pages: int
    conversions: int
    bounced: int
    engaged_seconds: float
    worth: list[Worth]


class UsedDevice(msgspec.Struct, frozen=True):
    """A device as its newest session that tells describes it."""

    device_id: str
    device_type: str | None
    os_name: str | None
    browser: str | None
    first_seen: str
    last_seen: str
    sessions: int


class SeenPlace(msgspec.Struct, frozen=True):
    """Where sessions began; `country` is ISO 3166-1."""

    country: str
    region: str | None
    city: str | None
    sessions: int
    last_seen: str


class UsedChannel(msgspec.Struct, frozen=True):
    """A channel group through which sessions came, and when the first and the last of them did."""

    channel: str
    sessions: int
    first_seen: str
    last_seen: str


class Trait(msgspec.Struct, frozen=True):
    """What is known of the customer: `value` is JSON text; `contradictory`: other values were said too."""

    name: str
    value: str
    rule: str
    source: str | None
    said_at: str
    values_seen: int
    contradictory: bool


class Category(msgspec.Struct, frozen=True):
    """A category of products or pages, and in how many of the events that were read it stands."""

    name: str
    events: int


class Preferences(msgspec.Struct, frozen=True):
    """`hours` (0 to 23) and `weekdays` (Monday first): how many sessions saw the customer then, in
    `timezone`, or in UTC where none is known. `categories` are of the newest `events_read` events.
    """

    categories: list[Category]
    timezone: str | None
    hours: list[int]
    weekdays: list[int]
    events_read: int


class Consent(msgspec.Struct, frozen=True):
    """The newest answers by category, and when they were given; `signals`: gpc, dnt, or both with a comma.

    Empty where the newest events and the trait `consent` say nothing.
    """

    answers: dict[str, bool]
    said_at: str | None
    signals: str


class Profile(msgspec.Struct, frozen=True):
    """Everything in one place. Lists begin with the most frequent; identities with the oldest, devices with
    the one used last; traits go by name. `first_channel` and `last_channel`: of sessions that name one.
    """

    customer_id: str
    project: str
    first_seen: str
    last_seen: str
    identities: list[KnownId]
    lifetime: Lifetime
    devices: list[UsedDevice]
    places: list[SeenPlace]
    channels: list[UsedChannel]
    first_channel: str | None
    last_channel: str | None
    traits: list[Trait]
    preferences: Preferences
    consent: Consent


def profile(lake: Lake, any_id: str) -> Profile | None:
    """The profile of the customer known under an id of any kind, or None where nobody is.

    Reads all sessions of the customer, and events of the newest 50 of them, 20,000 at most.
    """
    with lake.footers_kept(), lake.transaction():
        found = known_as(lake, any_id)
        if found is None:
            return None
        customer_id, identities = found
        lake.execute(statement("customers/own", sessions=sessions_of(identities)))
        return _profile(lake, customer_id, identities)


def _profile(lake: Lake, customer_id: str, identities: Sequence[Identity]) -> Profile:
    *sums, first_seen, last_seen = _rows(lake, "lifetime")[0]
    channels = [UsedChannel(*_told(row)) for row in _rows(lake, "channels")]
    traits = [Trait(*_told(row)) for row in _rows(lake, "attributes", [customer_id])]
    preferences, consent = _newest(lake, traits)
    return Profile(
        customer_id=customer_id,
        project=identities[0].project,
        first_seen=iso_time(first_seen or min(one.first_seen for one in identities)),
        last_seen=iso_time(last_seen or max(one.last_seen for one in identities)),
        identities=[_known(one) for one in identities],
        lifetime=Lifetime(*(*sums, [Worth(*row) for row in _rows(lake, "worth")])),
        devices=[UsedDevice(*_told(row)) for row in _rows(lake, "devices")],
        places=[SeenPlace(*_told(row)) for row in _rows(lake, "places")],
        channels=channels,
        first_channel=min(channels, key=lambda one: one.first_seen).channel if channels else None,
        last_channel=max(channels, key=lambda one: one.last_seen).channel if channels else None,
        traits=traits,
        preferences=preferences,
        consent=consent,
    )


def _newest(lake: Lake, traits: Sequence[Trait]) -> tuple[Preferences, Consent]:
    """What the newest events tell, together with the hours of all sessions."""
    _read_said(lake)
    ((timezone, signals, consent, consented_at, events),) = _rows(lake, "wishes")
    zone = _zone(lake, timezone)
    hours, weekdays = _active(lake, zone or "UTC")
    categories = [Category(*row) for row in _rows(lake, "categories")]
    said = [(iso_time(consented_at), consent)] if consented_at else []
    said += [(one.said_at, one.value) for one in traits if one.name == _CONSENT_TRAIT]
    return Preferences(categories, zone, hours, weekdays, events), _consent(said, signals or "")


def _zone(lake: Lake, name: str | None) -> str | None:
    """A time zone where it is one that hours can be told in."""
    known = name and lake.query("SELECT name FROM pg_timezone_names() WHERE name = ?", [name])
    return name if known else None


def _read_said(lake: Lake) -> None:
    visits = [Visit(*row) for row in _rows(lake, "newest", limit=READ_SESSIONS)]
    sql = statement(
        "customers/said",
        visits=statement("customers/bounds"),
        during=during(visits, _SAID),
        limit=READ_EVENTS,
    )
    lake.execute(sql, bounds(visits))


def _active(lake: Lake, zone: str) -> tuple[list[int], list[int]]:
    hours, weekdays = [0] * 24, [0] * 7
    for hour, weekday, sessions in _rows(lake, "active", {"zone": zone}):
        if hour is not None:
            hours[hour] = sessions
        else:
            weekdays[weekday - 1] = sessions
    return hours, weekdays


def _consent(said: Sequence[tuple[str, str]], signals: str) -> Consent:
    """Answers of the newest statement that has some."""
    for said_at, text in sorted(said, reverse=True):
        answers = _answers(text)
        if answers:
            return Consent(answers, said_at, signals)
    return Consent({}, None, signals)


def _answers(text: str) -> dict[str, bool]:
    """The yes and no of a JSON object; what is neither, and what is none, says nothing."""
    try:
        said = msgspec.json.decode(text, type=dict[str, Any])
    except msgspec.DecodeError:
        return {}
    return {name: answer for name, answer in said.items() if isinstance(answer, bool)}


def _known(one: Identity) -> KnownId:
    return KnownId(one.kind, one.value, iso_time(one.first_seen), iso_time(one.last_seen), one.evidence)


def _told(row: Sequence[Any]) -> list[Any]:
    """A row with its times as text."""
    return [iso_time(value) if isinstance(value, datetime) else value for value in row]


def _rows(
    lake: Lake, name: str, parameters: Sequence[Any] | Mapping[str, Any] | None = None, **parts: int | str
) -> list[tuple[Any, ...]]:
    return lake.query(statement(f"customers/{name}", **parts), parameters)
