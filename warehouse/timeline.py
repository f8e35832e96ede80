"""A customer's timeline over all devices, a page at a time: what was done in which visit, and the pauses.

Pages are cut along the events' own order (time, message id, load_seq), which no arrival changes: following
`next` shows every event that was there at the first page exactly once, whatever sessions became meanwhile.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Sequence
from typing import Any, Final

import msgspec

from warehouse.errors import BadView
from warehouse.lake import Lake
from warehouse.statements import statement
from warehouse.times import iso, iso_time
from warehouse.visited import EVER, Identity, Visit, bounds, during, known_as, sessions_of

LONGEST_PAGE: Final = 1_000
_VISITS: Final = 128
_AT_ONCE: Final = 32
_COLUMNS: Final = "event, verdict, user_id, anonymous_id, page_title, page_path, properties, traits, context"


class View(msgspec.Struct, frozen=True):
    """What of a timeline is asked for.

    `cursor` is the `next` of the page before; `types` and `names` of events keep those alone; empty: all.
    """

    limit: int = 100
    newest_first: bool = True
    cursor: str | None = None
    types: tuple[str, ...] = ()
    names: tuple[str, ...] = ()


NEWEST: Final = View()


class TimelineIdentity(msgspec.Struct, frozen=True):
    """An id of the customer, such as an anonymous_id or a user_id; `evidence` says what joined it."""

    kind: str
    value: str
    first_seen: str
    evidence: str


class TimelineEvent(msgspec.Struct, frozen=True):
    """`properties`, `traits` and `context` are JSON text as sent."""

    message_id: str
    type: str
    event: str | None
    timestamp: str
    verdict: str
    user_id: str | None
    anonymous_id: str | None
    page_title: str | None
    page_path: str | None
    properties: str | None
    traits: str | None
    context: str | None


class TimelineSession(msgspec.Struct, frozen=True):
    """A visit, with those of its events that are on this page, in the page's order; times are ISO 8601, UTC.

    `total` counts all its events. `idle_seconds`: before it began, no device did anything for so long; null
    for the first visit and for one that began while another was open.
    """

    session_id: str
    device_id: str | None
    user_id: str | None
    started_at: str
    ended_at: str
    channel: str | None
    total: int | None
    idle_seconds: float | None
    events: list[TimelineEvent]


class Timeline(msgspec.Struct, frozen=True):
    """One page: identities from the oldest on, sessions in the order in which the page comes to them.

    `next` leads to the following page, null: there is none. A page can hold fewer events than were asked for.
    """

    customer_id: str
    identities: list[TimelineIdentity]
    sessions: list[TimelineSession]
    next: str | None


class Place(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Where a page goes on: behind this event, or without its message id with whatever happened at `at`, µs
    UTC.
    """

    newest_first: bool
    at: int
    message_id: str | None = None
    load_seq: int = 0


def timeline(lake: Lake, any_id: str, view: View = NEWEST) -> Timeline | None:
    """One page of the timeline of the customer known under an id, or None where nobody is.

    An id is a customer, session, user, anonymous or message id; merged-away customers and sessions lead to
    what they became. BadView where the view's limit or cursor cannot be used.
    """
    place = _place(view)
    with lake.footers_kept(), lake.transaction():
        found = known_as(lake, any_id)
        if found is None:
            return None
        customer_id, identities = found
        sessions, following = _page(lake, _visits(lake, identities, place), view, place)
    return Timeline(customer_id, [_identity(one) for one in identities], sessions, _told(following))


def _page(
    lake: Lake, visits: Sequence[Visit], view: View, place: Place
) -> tuple[list[TimelineSession], Place | None]:
    """Sessions with events, from some visits at a time until the page is full or these are through."""
    found: dict[str, tuple[Visit, list[TimelineEvent]]] = {}
    missing = view.limit
    for some, bound in _chunks(visits, view.limit, place.at):
        rows = _happened(lake, some, view, place, bound, missing + 1)
        for number, *values in rows[:missing]:
            visit = some[number]
            found.setdefault(visit.session_id, (visit, []))[1].append(_event(values))
        if len(rows) > missing:
            _, at, load_seq, message_id, *_ = rows[missing - 1]
            return _sessions(found), Place(view.newest_first, at, message_id, load_seq)
        if bound is None:
            return _sessions(found), None
        missing -= len(rows)
        place = Place(view.newest_first, bound)
        if not missing:
            break
    return _sessions(found), place if visits else None


def _chunks(visits: Sequence[Visit], limit: int, at: int) -> Iterator[tuple[list[Visit], int | None]]:
    """(visits, bound): all events up to `bound` (µs UTC) lie in these or earlier ones; None: all there are.

    As many visits as may fill a page, if all their events count; one that reaches over the bound comes again.
    """
    chunk: list[Visit] = []
    room = limit
    beginning = visits[-1] if sum(visit.near != at for visit in visits) > _VISITS else None
    for visit in visits:
        bound, over = visit.near, room <= 0 or len(chunk) >= _AT_ONCE or visit is beginning
        if chunk and over and bound != at:
            yield chunk, bound
            if visit is beginning:
                return
            chunk = [one for one in chunk if one.started_at <= bound <= one.ended_at]
            room = limit
        chunk.append(visit)
        room -= visit.events or 0
    if chunk:
        yield chunk, None


def _visits(lake: Lake, identities: Sequence[Identity], place: Place) -> list[Visit]:
    """The sessions that a place lies in, and those next to it; the last one may only say where more begin."""
    newest = place.newest_first
    sql = statement(
        "customers/visits",
        sessions=sessions_of(identities),
        at=place.at,
        near=f"least(closes, {place.at})" if newest else f"greatest(opens, {place.at})",
        behind=f"opens <= {place.at}" if newest else f"closes >= {place.at}",
        order="DESC" if newest else "ASC",
        others=_VISITS + 1,
    )
    return [Visit(*row) for row in lake.query(sql)]


def _happened(
    lake: Lake, visits: Sequence[Visit], view: View, place: Place, bound: int | None, limit: int
) -> list[tuple[Any, ...]]:
    """Events of these visits behind a place and before a bound, in the page's order."""
    newest = view.newest_first
    end = (-EVER if newest else EVER) if bound is None else bound
    sql = statement(
        "customers/happened",
        visits=statement("customers/bounds"),
        during=during(visits, _COLUMNS, min(place.at, end), max(place.at, end)),
        behind="<" if newest else ">",
        before=f"> {end}" if newest else f"< {end}",
        order="DESC" if newest else "ASC",
        limit=limit,
    )
    parameters = {**bounds(visits), **_behind(place), "types": view.types, "names": view.names}
    return lake.query(sql, parameters)


def _behind(place: Place) -> dict[str, Any]:
    """The last event before the page; where none is named one that there is not, just before the moment."""
    if place.message_id is not None:
        return {"at": place.at, "message_id": place.message_id, "load_seq": place.load_seq}
    return {"at": place.at + 1 if place.newest_first else place.at, "message_id": "", "load_seq": -1}


def _event(values: Sequence[Any]) -> TimelineEvent:
    at, _, message_id, type, event, *rest = values
    return TimelineEvent(message_id, type, event, iso(at), *rest)


def _sessions(found: dict[str, tuple[Visit, list[TimelineEvent]]]) -> list[TimelineSession]:
    return [
        TimelineSession(
            visit.session_id,
            visit.device_id,
            visit.user_id,
            iso(visit.started_at),
            iso(visit.ended_at),
            visit.channel,
            visit.events,
            visit.idle / 1e6 if visit.idle is not None and visit.idle > 0 else None,
            events,
        )
        for visit, events in found.values()
    ]


def _identity(one: Identity) -> TimelineIdentity:
    return TimelineIdentity(one.kind, one.value, iso_time(one.first_seen), one.evidence)


def _place(view: View) -> Place:
    """Where a page begins."""
    if not 1 <= view.limit <= LONGEST_PAGE:
        raise BadView(f"a page of {view.limit} events: 1 to {LONGEST_PAGE} would do")
    if view.cursor is None:
        return Place(view.newest_first, EVER if view.newest_first else -EVER)
    place = _read(view.cursor)
    if place.newest_first != view.newest_first:
        asked = "newest" if view.newest_first else "oldest"
        raise BadView(f"the cursor is of a timeline in the other order, not one with the {asked} first")
    return place


def _told(place: Place | None) -> str | None:
    """A place as text that a URL can hold."""
    if place is None:
        return None
    return base64.urlsafe_b64encode(msgspec.json.encode(place)).decode().rstrip("=")


def _read(cursor: str) -> Place:
    try:
        return msgspec.json.decode(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)), type=Place)
    except (msgspec.DecodeError, binascii.Error, ValueError) as error:
        raise BadView(f"{cursor[:40]!r} is no cursor; `next` of a page is one") from error
