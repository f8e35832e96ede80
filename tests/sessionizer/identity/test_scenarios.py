"""Who is who, told as stories: shared devices, switching users, ids that many share, limits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pytest

from sessionizer.identity.rules import USUAL, IdentityRules
from sessionizer.identity.who import who
from sessionizer.incremental import stitch
from tests.sessionizer.identity.stories import ENDING, LIVES, USUAL_STORIES, P, events_of, told_by
from tests.sessionizer.test_incremental import NOW
from tests.sessionizer.world import EPOCH, HOUR, START, Event, loaded, plain_lake, store
from warehouse.evidence import explain, find_id
from warehouse.lake import Lake

STORIES = {**USUAL_STORIES, **LIVES}


def lake_of(story: str, rules: IdentityRules, at_once: bool) -> Lake:
    events = list(events_of(story))
    return run_through(events, [len(events)] if at_once else range(1, len(events) + 1), rules)


def run_through(events: list[Event], ends: Iterable[int], rules: IdentityRules = USUAL) -> Lake:
    lake = plain_lake()
    store(lake, events)
    for end in ends:
        loaded(lake, end)
        stitch(lake, now=NOW, ids=rules)
    return lake


@pytest.fixture(scope="module", params=["at once", "one event after another"])
def told(request: pytest.FixtureRequest) -> dict[str, set[frozenset[str]]]:
    """Every story in a project of its own of one lake: its customers."""
    at_once = request.param == "at once"
    return customers_of(USUAL_STORIES, USUAL, at_once) | customers_of(LIVES, ENDING, at_once)


def customers_of(
    stories: Mapping[str, tuple[str, str]], rules: IdentityRules, at_once: bool
) -> dict[str, set[frozenset[str]]]:
    size = len(stories)
    events = [
        event
        for place, (name, (story, _)) in enumerate(stories.items())
        for event in events_of(story, name, place, size)
    ]
    last = max(event.load_seq for event in events)
    lake = run_through(events, [last] if at_once else range(size, last + size, size), rules)
    found = lake.query(
        "SELECT project, list(CASE WHEN kind = 'user_id' THEN upper(value)"
        " WHEN kind = 'shared_device' THEN '?' || value"
        " WHEN contains(kind, '@') THEN value || '@' || split_part(kind, '@', 2) ELSE value END)"
        " FROM identities GROUP BY project, customer_id"
    )
    return {name: {frozenset(ids) for project, ids in found if project == name} for name in stories}


@pytest.mark.parametrize("name", STORIES)
def test_story(told: dict[str, set[frozenset[str]]], name: str) -> None:
    assert told[name] == told_by(STORIES[name][1])


SWITCHING = "S S S:A S:A S S:B S:B S S:A S:A S S:C S:C"


def owners(lake: Lake) -> list[str]:
    """Visit after visit the customer's number, in the order in which they appear."""
    sql = "SELECT customer_id FROM sessions JOIN identities USING (identity_key) ORDER BY started_at"
    names = [name for (name,) in lake.query(sql)]
    numbers = {name: str(n) for n, name in enumerate(dict.fromkeys(names), 1)}
    return [numbers[name] for name in names]


@pytest.mark.parametrize("at_once", [True, False])
def test_the_table_of_clickstream_analytics_for_users_who_switch(at_once: bool) -> None:
    """Its user pseudo ids, step by step; a second time with what is done logged out left to nobody."""
    lake = lake_of(SWITCHING, IdentityRules(logged_out="last_user"), at_once)
    assert owners(lake) == list("1111122211133")[:13]
    lake = lake_of(SWITCHING, IdentityRules(), at_once)
    assert owners(lake) == list("1111233211244")


def test_who_was_a_device_when() -> None:
    lake = lake_of("d d:u d d:v d", IdentityRules(), True)
    names = dict(lake.query("SELECT kind || ':' || value, customer_id FROM identities"))
    first, nobody, second = names["anonymous_id:d"], names["shared_device:d"], names["user_id:v"]
    told = []
    for hours in (0.5, 1.5, 2, 2.5, 3, 4, 4.5):
        moment = EPOCH.fromtimestamp((START + hours * HOUR) / 1e6, EPOCH.tzinfo)
        (one,) = who(lake, "d", moment)
        told.append((one.customer_id, one.because))
    assert told == [
        (None, "unseen"),
        (first, "first_user"),
        (first, "visit"),
        (nobody, "nobody"),
        (nobody, "nobody"),
        (second, "visit"),
        (nobody, "nobody"),
    ]
    (user,) = who(lake, "v", EPOCH.fromtimestamp((START + 5 * HOUR) / 1e6, EPOCH.tzinfo))
    assert (user.customer_id, user.because) == (second, "always")
    assert who(lake, "nobody", EPOCH) == []


def test_who_had_a_number_that_was_given_to_another() -> None:
    lake = lake_of("d+13800138000 ~40 e+13800138000", ENDING, True)
    names = dict(lake.query("SELECT value, customer_id FROM identities WHERE kind = 'anonymous_id'"))
    told = []
    for days in (-1, 1, 39, 41):
        (one,) = who(lake, P, EPOCH.fromtimestamp((START + days * 24 * HOUR) / 1e6, EPOCH.tzinfo))
        told.append((one.kind, one.customer_id, one.because))
    assert told == [
        ("phone", None, "unseen"),
        ("phone", names["d"], "life"),
        ("phone", names["d"], "life"),
        ("phone@2", names["e"], "life"),
    ]


def test_what_kept_two_lives_apart_is_told() -> None:
    lake = lake_of("d+13800138000 ~40 e+13800138000", ENDING, False)
    blocked = lake.query(
        "SELECT left_kind, left_value, right_kind, right_value, evidence, message_id, rule"
        " FROM identity_edges WHERE state = 'blocked'"
    )
    assert blocked == [("phone@2", P, "phone", P, "identify", "m2", "ttl_phone")]
    found = explain(lake, find_id(lake, "d"), find_id(lake, "e"))
    assert [edge.rule for edge in found.path] == [None, "ttl_phone", None]


def test_the_same_ids_in_two_projects_are_two_persons() -> None:
    events = [
        *events_of("d:u+e@x.com", "shop", 0, 2),
        *events_of("d:u+e@x.com", "school", 1, 2),
    ]
    lake = run_through(events, [1, 2])
    sql = "SELECT list(DISTINCT project), count(*) FROM identities GROUP BY customer_id ORDER BY ALL"
    assert lake.query(sql) == [(["school"], 3), (["shop"], 3)]


def test_an_id_that_thousands_share_joins_up_to_the_cap() -> None:
    lake = plain_lake()
    traits = '{"email": "all@x.com"}'
    size = 3_000
    store(
        lake, [Event(n, START + n, f"m{n}", "identify", f"d{n}", traits=traits) for n in range(1, size + 1)]
    )
    loaded(lake, size)
    stitch(lake, now=NOW)
    ids = lake.query("SELECT count(*) FROM identities GROUP BY customer_id ORDER BY 1 DESC LIMIT 2")
    assert ids == [(1_000,), (1,)]
    states = lake.query("SELECT state, rule, count(*) FROM identity_edges GROUP BY ALL ORDER BY ALL")
    assert states == [("blocked", "most_ids", size - 999), ("joined", None, 999)]
