"""What Snowplow's documents say of web sessions, as plain functions of events: the oracle of its fixture.

Times are µs UTC. `Run` and `Manifest` are how its package goes through the events in batches, quirks
included: which events it looks at depends on the batch. `one_run` looks at all events at once.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

SECOND = 1_000_000
HOUR, DAY = 3_600 * SECOND, 86_400 * SECOND
HEARTBEAT, LEAST, LATE, LONGEST, OVERLAP = 10, 5, 3 * DAY, 3 * DAY, 6 * HOUR
PING, PAGE = "page_ping", "page_view"
BOTS = re.compile(r"bot|crawl|spider|slurp|archiver|monitor|preview|headless|scan|curl|wget", re.IGNORECASE)
Row = Mapping[str, Any]


class Event(msgspec.Struct, frozen=True):
    """One row of the fixture; `fields` has every column as text, empty: none."""

    event_id: str
    name: str
    session: str
    cookie: str
    user: str
    page_view: str
    collected: int
    derived: int
    created: int
    sent: int
    fields: Row


class Known(msgspec.Struct, frozen=True):
    """What the manifest says of a session: its cookie, and from when to when, at most three days."""

    cookie: str
    start: int
    end: int

    @property
    def full(self) -> bool:
        return self.end == self.start + LONGEST


class Tables(msgspec.Struct):
    """What a package of batches has come to."""

    manifest: dict[str, Known] = {}
    quarantined: set[str] = set()
    sessions: dict[str, Row] = {}
    views: dict[str, Row] = {}
    users: dict[str, Row] = {}
    mapping: dict[str, str] = {}
    last: int = 0


def run(tables: Tables, events: Sequence[Event], lower: int, upper: int) -> None:
    """One batch: events collected from `lower` to `upper`, and all of the sessions that these belong to."""
    batch = [one for one in events if lower <= one.collected <= upper]
    _remember(tables, batch)
    touched = {
        id: known
        for id, known in tables.manifest.items()
        if lower - LONGEST <= known.start <= upper and known.end >= lower
    }
    tables.quarantined |= {id for id, known in touched.items() if known.full}
    own = [one for one in unrepeated(events) if _belongs(one, touched.get(one.session), upper)]
    own = [msgspec.structs.replace(one, cookie=touched[one.session].cookie) for one in own]
    tables.last = max(tables.last, max((one.collected for one in own), default=0))
    views = views_of(own)
    tables.views.update({row["page_view_id"]: row for row in views})
    tables.sessions.update({row["domain_sessionid"]: row for row in sessions_of(own, views)})
    tables.mapping.update(last_users(own))
    tables.sessions = {id: _stitched(row, tables.mapping) for id, row in tables.sessions.items()}
    tables.users.update({row["domain_userid"]: row for row in users_of(tables.sessions.values())})


def _remember(tables: Tables, batch: Iterable[Event]) -> None:
    """Bring the manifest up to date: the first cookie wins, a session that is full stays as it is."""
    seen: dict[str, list[Event]] = defaultdict(list)
    for one in batch:
        if one.session and not is_late(one) and one.session not in tables.quarantined:
            seen[one.session].append(one)
    for id, found in seen.items():
        start, end = min(one.collected for one in found), max(one.collected for one in found)
        cookie = max(one.cookie for one in found)
        if (old := tables.manifest.get(id)) is not None:
            if old.full:
                continue
            start, end, cookie = min(start, old.start), max(end, old.end), old.cookie or cookie
        tables.manifest[id] = Known(cookie, start, min(end, start + LONGEST))


def _belongs(one: Event, known: Known | None, upper: int) -> bool:
    if known is None or is_late(one) or BOTS.search(one.fields["useragent"]):
        return False
    return one.collected <= min(upper, known.start + LONGEST)


def is_late(one: Event) -> bool:
    """Sent more than three days after it happened."""
    return one.sent > one.created + LATE


def is_shown(one: Event) -> bool:
    """A page that is shown, or still is."""
    return one.name in (PAGE, PING) and bool(one.page_view)


def unrepeated(events: Iterable[Event]) -> list[Event]:
    """Of events with the same id the one that was collected first."""
    kept: dict[str, Event] = {}
    for one in sorted(events, key=lambda one: one.collected):
        kept.setdefault(one.event_id, one)
    return list(kept.values())


def views_of(events: Sequence[Event]) -> list[dict[str, Any]]:
    """Page views: of those with one id the first; engaged by the pings of the same session."""
    pings: dict[tuple[str, str], list[Event]] = defaultdict(list)
    first: dict[str, Event] = {}
    for one in filter(is_shown, sorted(events, key=lambda one: (one.derived, one.created, one.event_id))):
        if one.name == PAGE:
            first.setdefault(one.page_view, one)
        else:
            pings[one.session, one.page_view].append(one)
    in_session: dict[str, list[Event]] = defaultdict(list)
    for one in first.values():
        in_session[one.session].append(one)
    return [
        _view(one, number, len(of_one), pings[one.session, one.page_view])
        for of_one in in_session.values()
        for number, one in enumerate(of_one, 1)
    ]


def _view(one: Event, number: int, of: int, pings: Sequence[Event]) -> dict[str, Any]:
    beats = {ping.created // SECOND // HEARTBEAT for ping in pings}
    end = max([one.derived, *(ping.derived for ping in pings)])
    return {
        "page_view_id": one.page_view,
        "event_id": one.event_id,
        "domain_sessionid": one.session,
        "domain_userid": one.cookie,
        "user_id": one.user,
        "page_view_in_session_index": number,
        "page_views_in_session": of,
        "derived_tstamp": one.derived,
        "start_tstamp": one.derived,
        "end_tstamp": end,
        "engaged_time_in_s": HEARTBEAT * (len(beats) - 1) + LEAST if beats else 0,
        "absolute_time_in_s": end // SECOND - one.derived // SECOND,
        **{name: one.fields[name] for name in ("page_url", "page_title", "collector_tstamp", "app_id")},
    }


def sessions_of(events: Sequence[Event], views: Sequence[Row]) -> list[dict[str, Any]]:
    """Sessions of those that have a page view or a ping."""
    grouped: dict[str, list[Event]] = defaultdict(list)
    for one in sorted(events, key=lambda one: (one.derived, one.created, one.event_id)):
        grouped[one.session].append(one)
    return [_session(own) for own in grouped.values() if any(is_shown(one) for one in own)]


def _session(own: Sequence[Event]) -> dict[str, Any]:
    shown = [one for one in own if is_shown(one)]
    pages = [one for one in shown if one.name == PAGE]
    first, start, end = shown[0], min(one.derived for one in own), max(one.derived for one in own)
    last = pages[-1] if pages else first
    if first.name == PING:
        start -= LEAST * SECOND
    engaged = _engaged(shown)
    return {
        "domain_sessionid": first.session,
        "domain_userid": first.cookie,
        "user_id": first.user,
        "start_tstamp": start,
        "end_tstamp": end,
        "page_views": len({one.page_view for one in shown}),
        "engaged_time_in_s": engaged,
        "total_events": len(own),
        "absolute_time_in_s": end // SECOND - start // SECOND,
        "is_engaged": len(pages) >= 2 or engaged >= 2 * HEARTBEAT or any(one.name == PAGE for one in own),
        "first_page_url": first.fields["page_url"],
        "last_page_url": last.fields["page_url"],
        "first_page_title": first.fields["page_title"],
        "last_page_title": last.fields["page_title"],
    }


def _engaged(shown: Sequence[Event]) -> int:
    """Ten seconds for each beat in which a page was shown, but five for the first of each page with pings."""
    beats = {(one.page_view, one.created // SECOND // HEARTBEAT) for one in shown if one.name == PING}
    pinged = {page for page, _ in beats}
    return HEARTBEAT * (len(beats) - len(pinged)) + LEAST * len(pinged)


def last_users(events: Iterable[Event]) -> dict[str, str]:
    """Cookie -> the user who was named last with it."""
    return {
        one.cookie: one.user
        for one in sorted(events, key=lambda one: one.collected)
        if one.user and one.cookie
    }


def _stitched(row: Row, mapping: Mapping[str, str]) -> dict[str, Any]:
    return {**row, "stitched_user_id": mapping.get(row["domain_userid"], row["domain_userid"])}


def users_of(sessions: Iterable[Row]) -> list[dict[str, Any]]:
    """A row for each cookie: sums over its sessions, and what its first session says."""
    grouped: dict[str, list[Row]] = defaultdict(list)
    for row in sessions:
        if row["domain_userid"]:
            grouped[row["domain_userid"]].append(row)
    return [_user(cookie, own) for cookie, own in grouped.items()]


def _user(cookie: str, own: Sequence[Row]) -> dict[str, Any]:
    start = min(row["start_tstamp"] for row in own)
    end = max(row["end_tstamp"] for row in own)
    first = max((row for row in own if row["start_tstamp"] == start), key=lambda row: row["domain_sessionid"])
    last = max((row for row in own if row["end_tstamp"] == end), key=lambda row: row["domain_sessionid"])
    return {
        "domain_userid": cookie,
        "user_id": first["user_id"],
        "start_tstamp": start,
        "end_tstamp": end,
        "sessions": len(own),
        "page_views": sum(row["page_views"] for row in own),
        "engaged_time_in_s": sum(row["engaged_time_in_s"] for row in own),
        "first_page_url": first["first_page_url"],
        "last_page_url": last["last_page_url"],
    }
