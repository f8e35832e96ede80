"""Every event has one fate: the numbers close, whatever came, however far the writer has got."""

import json
import random
import time
from collections import Counter
from pathlib import Path
from typing import Any

import duckdb
import msgspec
import pytest
from click.testing import CliRunner

from sessionizer.fates import MEANINGS, fates, in_lake
from sessionizer.incremental import stitch
from sessionizer.rebuild import rebuild
from sessionizer.rules import VISITS_IN_USE, text_of_visits
from sessionizer.sessions import VisitRules
from sessionizer.visits.cli import sessions
from sessionizer.visits.columns import apart
from sessionizer.visits.presets import PRESETS
from sessionizer.visits.rules import OURS, SessionRules
from tests.sessionizer.test_incremental import NOW
from tests.sessionizer.world import Event, arrivals, contents, cuts, loaded, plain_lake, store
from tests.warehouse.lakes import HOUR, NOON, Site, event
from warehouse.imports.kinds import LIBRARY
from warehouse.writer import open_writer

BEATS = msgspec.structs.replace(OURS, ignores=("beat",), servers=False)
RULES = [
    pytest.param(OURS, id="ours"),
    pytest.param(BEATS, id="beats", marks=pytest.mark.slow),
    pytest.param(PRESETS["segment"], id="segment", marks=pytest.mark.slow),
    pytest.param(msgspec.structs.replace(OURS, bots=True), id="all"),
]
GA4 = PRESETS["ga4"]


def mixed(random_: random.Random, size: int) -> list[Event]:
    """Random arrivals, of which some are of bots, of servers, of nobody, or heartbeats."""
    return [_mixed(random_, event) for event in arrivals(random_, size, 12)]


def _mixed(random_: random.Random, event: Event) -> Event:
    library = random_.choice([None, "analytics.js", "analytics-node", "Java"])
    name = random_.choice(["beat", "seen", None])
    nobody: dict[str, Any] = random_.choice([{}, {}, {}, {"anonymous_id": "", "user_id": None}])
    bot = random_.choice([None, False, True])
    return msgspec.structs.replace(event, is_bot=bot, library_name=library, event=name, **nobody)


def fate_of(event: Event, rules: SessionRules) -> str:
    """The rule of fates, by plain Python."""
    if not (event.anonymous_id or event.user_id):
        return "nobody"
    if event.is_bot and not rules.bots:
        return "bot"
    if not event.anonymous_id and event.library_name in ("analytics-node", "Java") and not rules.servers:
        return "server"
    if rules.counts == "pages" and event.type not in ("page", "screen"):
        return "uncounted"
    return "uncounted" if event.event in rules.ignores else "in_sessions"


@pytest.mark.parametrize("rules", RULES)
def test_counts_close_after_each_run_and_the_tables_are_those_of_a_rebuild(rules: SessionRules) -> None:
    random_ = random.Random(f"{rules.name}{rules.bots}")
    events, visits = mixed(random_, 90), VisitRules(rules)
    lake, whole = plain_lake(), plain_lake()
    for one in (lake, whole):
        store(one, events)
        loaded(one, 90)
    for end in cuts(random_, 90):
        loaded(lake, end)
        stitch(lake, now=NOW, visits=visits)
        expected = Counter(fate_of(event, rules) for event in events[:end])
        expected["waiting"] = len(events) - end
        found = in_lake(lake, rules)
        assert {name: found[name] for name in MEANINGS if found.get(name)} == {
            name: number for name, number in expected.items() if number
        }
        assert (found["held"], found["unexplained"]) == (expected["in_sessions"], 0)
    rebuild(whole, now=NOW, visits=visits)
    assert contents(lake)["sessions"] == contents(whole)["sessions"]


def test_what_is_lost_from_a_session_is_unexplained() -> None:
    lake = plain_lake()
    store(lake, mixed(random.Random(2), 60))
    loaded(lake, 60)
    stitch(lake, now=NOW)
    ((one,),) = lake.query("SELECT events FROM sessions ORDER BY ALL LIMIT 1")
    lake.execute(
        "DELETE FROM sessions WHERE session_id = (SELECT session_id FROM sessions ORDER BY ALL LIMIT 1)"
    )
    assert in_lake(lake, OURS)["unexplained"] > 0
    assert one > 0


@pytest.mark.parametrize(
    ("library", "server"),
    [
        ("analytics-node", True),
        ("@segment/analytics-node", True),
        ("posthog-php", True),
        ("py-1.1.0", True),
        ("Java", True),
        ("RudderLabs Ruby SDK", True),
        ("amplitude-python/1.1.2", True),
        ("analytics.js", False),
        ("javascript", False),
        ("analytics-react-native", False),
        ("analytics-android", False),
        (None, False),
    ],
)
def test_which_libraries_run_on_servers(library: str | None, server: bool) -> None:
    said = "'track' AS type, 'Viewed' AS event"
    columns = f"? AS library_name, NULL AS anonymous_id, 'u' AS user_id, false AS is_bot, {said}"
    sql = f"SELECT {apart(GA4)} FROM (SELECT {columns}) AS e"
    assert duckdb.execute(sql, [library]).fetchone() == ("server" if server else None,)
    with_device = sql.replace("NULL AS anonymous_id", "'d' AS anonymous_id")
    assert duckdb.execute(with_device, [library]).fetchone() == (None,)


@pytest.mark.parametrize(
    ("type", "event", "ours", "theirs"),
    [
        ("identify", None, "server", "server"),
        ("track", "Deal Updated", "server", "server"),
        ("track", "Order Completed", None, "server"),
    ],
)
def test_imported_rows_are_no_visits_of_a_device(
    type: str, event: str | None, ours: str | None, theirs: str
) -> None:
    """A timeline consists of visits, so that by our own rules an imported order is one."""
    ids = "'crm:1' AS anonymous_id, NULL AS user_id, false AS is_bot"
    for rules, fate in ((OURS, ours), (GA4, theirs)):
        row = f"'{LIBRARY}' AS library_name, ? AS type, ? AS event, {ids}"
        sql = f"SELECT {apart(rules)} FROM (SELECT {row}) AS e"
        assert duckdb.execute(sql, [type, event]).fetchone() == (fate,)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """Eight events of all kinds: one comes again, two are refused, one has not been loaded."""
    site = Site(tmp_path)
    said = [event("a"), event("b", is_bot=True), event("a"), event("n", anonymous_id=None)]
    refused = [event("r", verdict="rejected", reason="bad_time", raw="{}"), event("f", verdict="filtered")]
    site.land([*said, event("s", anonymous_id=None, user_id="u", library_name="analytics-go"), *refused])
    with open_writer(site.settings, site.registry, now=site.now) as writer:
        writer.load()
        stitch(writer.lake, now=site.now, visits=VisitRules(GA4))
    site.land([event("late", received_at=NOON + 5)])
    return site


def test_the_fates_of_all_that_was_received(site: Site) -> None:
    places = site.store, site.registry, site.settings.folders.journal
    with site.reader() as lake:
        told = fates(lake, *places, GA4)
        later = fates(lake, *places, GA4, NOON // HOUR + 1)
    ones = ("in_sessions", "bot", "server", "nobody", "duplicate", "rejected", "filtered", "pending", "held")
    expected = dict.fromkeys(told.__struct_fields__, 0) | dict.fromkeys(ones, 1) | {"received": 8}
    assert msgspec.structs.asdict(told) == expected
    assert told.close
    assert (later.received, later.held, later.close) == (0, 1, True)


def test_the_command_says_so_by_the_rules_in_use(site: Site) -> None:
    site.registry.set_setting(VISITS_IN_USE, text_of_visits(VisitRules(PRESETS["segment"])))
    result = CliRunner().invoke(sessions, ["fates", "--data", site.settings.data, "--json"])
    told = json.loads(result.stdout)
    assert (told["in_sessions"], told["uncounted"], told["unexplained"], result.exit_code) == (0, 1, -1, 1)
    site.registry.set_setting(VISITS_IN_USE, text_of_visits(VisitRules(GA4)))
    people = CliRunner().invoke(sessions, ["fates", "--data", site.settings.data, "--since", "2026-11-01"])
    assert people.exit_code == 0
    assert "bot                        1  of a bot, kept apart from sessions" in people.stdout


def test_the_sessions_that_other_pauses_give(tmp_path: Path) -> None:
    site = Site(tmp_path)
    at = site.clock = int(time.time() * 1e6) // HOUR * HOUR - 2 * HOUR  # none of them is of tomorrow
    said = [event(f"m{n}", timestamp=at + n * HOUR // 6, received_at=at) for n in (0, 1, 3, 9)]
    site.land(said)
    with open_writer(site.settings, site.registry, now=site.now) as writer:
        writer.load()
    command = ["gaps", "5", "10", "20.5", "60", "--data", site.settings.data, "--json"]
    told = json.loads(CliRunner().invoke(sessions, command).stdout)
    assert told == [{"minutes": m, "sessions": n} for m, n in ((5.0, 4), (10.0, 3), (20.5, 2), (60.0, 1))]
