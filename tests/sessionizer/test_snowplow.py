"""Snowplow's own fixture: its rules reproduce it, and ours differ from it where they say so."""

from __future__ import annotations

import csv
import gzip
import json
import random
from collections import defaultdict
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from sessionizer.rebuild import rebuild
from sessionizer.sessions import VisitRules
from sessionizer.visits.presets import preset
from tests.sessionizer import snowplow_rules as theirs
from tests.sessionizer import world
from tests.sessionizer.snowplow_rules import DAY, OVERLAP, Event, Tables

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "tests" / "fixtures" / "snowplow-web-0.15.2"
START = 1_593_734_400_000_000  # 2020-07-03
FIRST_RUN, LATER_RUN, RUNS = 243 * DAY, 2 * DAY, 3
PAGE_CONTEXT = "contexts_com_snowplowanalytics_snowplow_web_page_1_0_0"
# Their test settings call this session engaged, whatever its events say.
CALLED_ENGAGED = "0b0c7bb589ebd041177514f3e43446ca5d4343328936d2f8f12a42b41bf9140e"
KEYS = {"sessions": "domain_sessionid", "users": "domain_userid", "page_views": "page_view_id"}


@cache
def rows(name: str) -> list[dict[str, str]]:
    with gzip.open(FOLDER / f"snowplow_web_{name}.csv.gz", "rt", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def micros(text: str) -> int:
    if not text:
        return 0
    moment = datetime.fromisoformat(text).replace(tzinfo=UTC)
    return int(moment.timestamp()) * 1_000_000 + moment.microsecond


def page_view_of(context: str) -> str:
    """The id of the page view; some rows have the list twice, or the text null."""
    found: Any = json.loads(context or "null")
    while isinstance(found, list):
        found = found[0] if found else None
    id = str((found or {}).get("id") or "")
    return "" if id == "null" else id


@cache
def events() -> list[Event]:
    return [
        Event(
            row["event_id"], row["event_name"], row["domain_sessionid"], row["domain_userid"], row["user_id"],
            page_view_of(row[PAGE_CONTEXT]), micros(row["collector_tstamp"]), micros(row["derived_tstamp"]),
            micros(row["dvce_created_tstamp"]), micros(row["dvce_sent_tstamp"]), row,
        )
        for row in rows("events")
    ]  # fmt: skip


@cache
def four_runs() -> Tables:
    tables = Tables()
    theirs.run(tables, events(), START, START + FIRST_RUN)
    for _ in range(RUNS):
        theirs.run(tables, events(), tables.last - OVERLAP, tables.last + LATER_RUN)
    tables.sessions[CALLED_ENGAGED] = {**tables.sessions[CALLED_ENGAGED], "is_engaged": True}
    return tables


def told(text: str, like: object) -> object:
    """A cell of the fixture as the value that it is compared with."""
    if isinstance(like, bool):
        return text == "TRUE"
    if isinstance(like, int):
        return micros(text) if "-" in text else int(float(text))
    return text


@pytest.mark.parametrize(
    ("name", "number", "columns"), [("sessions", 18, 15), ("users", 11, 9), ("page_views", 43, 16)]
)
def test_every_row_is_reproduced(name: str, number: int, columns: int) -> None:
    tables = {"sessions": four_runs().sessions, "users": four_runs().users, "page_views": four_runs().views}
    expected = {row[KEYS[name]]: row for row in rows(f"{name}_expected")}
    assert len(expected) == number
    assert tables[name].keys() == expected.keys()
    for key, found in tables[name].items():
        assert len(found) == columns
        assert found == {column: told(expected[key][column], value) for column, value in found.items()}


def test_the_quarantined_session_is_reproduced() -> None:
    assert four_runs().quarantined == {
        row["session_id"] for row in rows("base_quarantined_sessions_expected")
    }


def test_their_answer_depends_on_the_batches() -> None:
    """At once instead of in four runs: another user row, and one more session in quarantine."""
    once = Tables()
    theirs.run(once, events(), START, START + 400 * DAY)
    other = {id for id, row in once.users.items() if row != four_runs().users.get(id)}
    assert {row["user_id"] for id, row in once.users.items() if id in other} == {
        "Rotating domain_userid per session"
    }
    assert len(once.quarantined - four_runs().quarantined) == 1


# Where our cut of the same events differs from the expected sessions, by the case that the fixture names.
ON_PURPOSE = {
    "Rotating domain_userid per session": "a session of each cookie",
    "dupe: page_view_id different derived_tstamp": "pages are counted, not their ids",
    "late arriving: device created/sent >3 days": "late events count",
    "long session": "goes on in another session after three days",
    "stray page ping": "pings alone make no session",
    "No edge cases": "pings alone make no session",
    "Unexpired session": "goes on in another session after three days",
}
SAME = (
    ("start_tstamp", "start_tstamp"), ("end_tstamp", "end_tstamp"), ("total_events", "events"),
    ("domain_userid", "device_id"), ("first_page_url", "entry_page"), ("last_page_url", "exit_page"),
)  # fmt: skip


def ours(order: random.Random) -> dict[str, list[dict[str, Any]]]:
    """SDK session id -> the sessions that the preset cuts of its events, arrived in some order."""
    known = theirs.unrepeated(events())
    arrived = order.sample(known, len(known))
    lake = world.plain_lake()
    world.store(lake, [_sent(number, one) for number, one in enumerate(arrived, 1)])
    world.loaded(lake, len(arrived))
    rebuild(lake, now=lambda: 0, visits=VisitRules(preset("snowplow")))
    named = {one.event_id: one.session for one in known}
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in lake.records(OURS):
        found[named[row["first_message_id"]]].append(row)
    return found


OURS = """
    SELECT device_id, epoch_us(started_at) AS start_tstamp, epoch_us(ended_at) AS end_tstamp,
        first_message_id, events, pages, entry_page, exit_page
    FROM sessions WHERE pages > 0 ORDER BY started_at, first_message_id"""


def _sent(number: int, one: Event) -> world.Event:
    """The event as it would be stored."""
    kind = "page" if one.name == theirs.PAGE and one.page_view else "track"
    return world.Event(
        number, one.derived, one.event_id, kind, one.cookie or None, one.user or None,
        page_path=one.fields["page_url"] or None, event=one.name,
        context=json.dumps({"sessionId": one.session}),
    )  # fmt: skip


def difference(expected: dict[str, str], found: list[dict[str, Any]]) -> str | None:
    """Why an expected session is none of ours, in the words of the documentation; None where it is one."""
    if not found:
        return "pings alone make no session"
    if len({row["device_id"] for row in found}) > 1:
        return "a session of each cookie"
    first = found[0]
    assert all((first[our] or "") == told(expected[their], first[our]) for their, our in SAME)
    if len(found) > 1:
        return "goes on in another session after three days"
    return None if first["pages"] == int(expected["page_views"]) else "pages are counted, not their ids"


def test_our_preset_differs_where_it_says_so_in_any_order_of_arrival() -> None:
    expected = {row["domain_sessionid"]: row for row in rows("sessions_expected")}
    for seed in (1, 2):
        found = ours(random.Random(seed))
        differing = {(row["user_id"], difference(row, found[id])) for id, row in expected.items()}
        more = {row["first_message_id"] for id, own in found.items() if id not in expected for row in own}
        differing |= {(one.user, "late events count") for one in events() if one.event_id in more}
        assert {case: why for case, why in differing if why} == ON_PURPOSE
        same = [row for id, row in expected.items() if difference(row, found[id]) is None]
        assert len(same) == 11


def test_the_differences_are_documented() -> None:
    page = (ROOT / "docs" / "sessions.md").read_text("utf-8")
    assert all(f"| {case} | {why}" in page for case, why in ON_PURPOSE.items())
