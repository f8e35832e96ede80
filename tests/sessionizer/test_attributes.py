"""Customers' attributes: chosen by rule, filled from history, the same however the load order is cut."""

import json
import random
from collections import defaultdict
from collections.abc import Iterable
from functools import partial
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from sdk_contract.cleaning import clean
from sessionizer.attributes import LASTING, NO_RULES, Rule, Rules, resolve_all
from sessionizer.incremental import stitch
from sessionizer.rebuild import rebuild
from tests.sessionizer.ids import Ids
from tests.sessionizer.world import (
    HOUR,
    MINUTE,
    START,
    Event,
    arrivals,
    contents,
    cuts,
    loaded,
    plain_lake,
    store,
)
from warehouse.lake import Lake

NOW = partial(int, 1_793_900_000_000_000)
RULES = Rules(
    {
        ("shop", "email"): Rule("latest"),
        ("shop", "plan"): Rule("first"),
        ("shop", "city"): Rule("most_frequent"),
        ("shop", "name"): Rule("sources", ("crm", "k_2", "segment")),
        ("shop", "tier"): Rule("latest", lasting=True),
    },
    default="first",
)
NAMES = ("email", "plan", "city", "name", "tier", "birthday", "age", "性别", 'odd "name"')
VALUES: tuple[Any, ...] = (
    *("a", "b", " a ", "B", "unknown", "", "  ", "N/A", "未知", None, 1, 1.5, True, {}, [], {"x": [1]}),
    *("2000-01-02", "2000-01-02T00:00:00Z", "2001-01-02", "林夏"),
)
COLUMNS = (
    "customer_id, name, value::VARCHAR, rule, source, epoch_us(said_at), message_id, load_seq, values_seen,"
    " contradictory"
)


def speaking(random_: random.Random, events: Iterable[Event]) -> list[Event]:
    """The same events, some of which say something of a person."""
    return [_speaking(random_, event) for event in events]


def _speaking(random_: random.Random, event: Event) -> Event:
    words = {name: random_.choice(VALUES) for name in random_.sample(NAMES, random_.randrange(4))}
    text = random_.choice([json.dumps(words, ensure_ascii=random_.random() < 0.5), None, "[]", '"x"'])
    context = (
        json.dumps({"traits": words}) if random_.random() < 0.2 else random_.choice([None, '{"a":"traits"}'])
    )
    return msgspec.structs.replace(
        event,
        traits=text if event.type in ("identify", "group") else None,
        context=context,
        library_name=random_.choice(["web", "crm", None]),
        key_id=random_.choice(["k_1", "k_2"]),
    )


def expected(events: Iterable[Event], rules: Rules) -> list[tuple[Any, ...]]:
    """The rule of attributes, one event after the other."""
    ids = Ids(events)
    heard: dict[tuple[str, str], list[tuple[Any, ...]]] = defaultdict(list)
    for event in events:
        owner = ("user_id", event.user_id) if event.user_id else ("anonymous_id", event.anonymous_id or "")
        for via, text in (
            ("identify", event.traits if event.type == "identify" else None),
            ("context", event.context),
        ):
            words = json.loads(text) if text else None
            if via == "context" and words is not None:
                words = words.get("traits")
            for name, value in (words if isinstance(words, dict) else {}).items():
                value = value.strip() if isinstance(value, str) else value
                if value is None or value in ({}, []) or clean("text", value) is None:
                    continue
                at = event.at // HOUR * HOUR if via == "context" else event.at
                heard[ids.customer(owner), name].append((value, via, at, event))
    return sorted(
        (_chosen(customer, name, said, rules) for (customer, name), said in heard.items()), key=repr
    )


def _chosen(customer: str, name: str, said: list[tuple[Any, ...]], rules: Rules) -> tuple[Any, ...]:
    rule = rules.by_trait.get(("shop", name), Rule(rules.default))
    facts = _facts(said)
    times: dict[str, int] = defaultdict(int)
    for (value, *_), fact in facts.items():
        times[value] += fact["said"]
    first = rule.rule == "first"
    end = "first" if first else "last"

    def order(item: tuple[Any, Any]) -> tuple[Any, ...]:
        (value, via, library, dialect, key_id), fact = item
        places = [rule.sources.index(one) for one in (library, dialect, key_id) if one in rule.sources]
        weight = {"most_frequent": times[value], "sources": -min(places, default=10**6)}.get(rule.rule, 0)
        at, load_seq = fact[end][:2]
        sign = -1 if first else 1
        return (weight, sign * at, sign * load_seq, via, value, library, dialect, key_id)

    (value, _, library, dialect, _), fact = max(facts.items(), key=order)
    at, load_seq, message_id = fact[end]
    senses = {
        one[:11] + '"' if one[1:5].isdigit() and one[11:12] == "T" else one.lower() for one, *_ in facts
    }
    lasting = rule.lasting or name in LASTING
    seen = len({one for one, *_ in facts})
    contradicts = lasting and len(senses) > 1
    return customer, name, value, rule.rule, library or dialect, at, message_id, load_seq, seen, contradicts


def _facts(said: list[tuple[Any, ...]]) -> dict[tuple[str, ...], dict[str, Any]]:
    facts: dict[tuple[str, ...], dict[str, Any]] = {}
    for value, via, at, event in said:
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        key = (text, via, event.library_name or "", event.dialect, event.key_id)
        here = (at, event.load_seq, event.message_id)
        fact = facts.setdefault(key, {"said": 0, "first": here, "last": here})
        fact["said"] = 1 if via == "context" else fact["said"] + 1
        fact["first"] = min(fact["first"], here)
        later = -1 if via == "context" else 1
        fact["last"] = max(fact["last"], here, key=lambda one: (one[0], later * one[1]))
    return facts


def stitched(events: list[Event], ends: Iterable[int], rules: Rules) -> Lake:
    lake = plain_lake()
    store(lake, events)
    for end in ends:
        loaded(lake, end)
        stitch(lake, now=NOW, rules=rules)
    return lake


def attributes(lake: Lake) -> list[tuple[Any, ...]]:
    return sorted(lake.query(f"SELECT {COLUMNS} FROM customer_attributes"), key=repr)


# Both sets of rules, over worlds of 30 and of 60 events.
QUICK = (0, 1)
SEEDS = [seed if seed in QUICK else pytest.param(seed, marks=pytest.mark.slow) for seed in range(12)]


@pytest.mark.parametrize("seed", SEEDS)
def test_any_cut_gives_the_rows_of_one_rebuild_and_of_the_plain_rule(seed: int) -> None:
    random_ = random.Random(seed)
    events = speaking(random_, arrivals(random_, random_.choice((30, 60, 120)), random_.choice((6, 40, 400))))
    rules = random_.choice((RULES, NO_RULES))
    whole = plain_lake()
    store(whole, events)
    loaded(whole, len(events))
    rebuild(whole, now=NOW, rules=rules)
    assert attributes(whole) == expected(events, rules)
    for _ in range(1 if seed in QUICK else 3):
        assert contents(stitched(events, cuts(random_, len(events)), rules)) == contents(whole)


def person(load_seq: int, traits: dict[str, Any], **more: Any) -> Event:
    values: dict[str, Any] = {"type": "identify", "anonymous_id": "d1", "user_id": "lin"} | more
    return Event(load_seq, START + load_seq * MINUTE, f"m{load_seq}", traits=json.dumps(traits), **values)


def known(lake: Lake) -> dict[str, Any]:
    return {
        name: json.loads(value) for name, value in lake.query("SELECT name, value FROM customer_attributes")
    }


def test_an_unknown_value_never_beats_a_known_one() -> None:
    events = [
        person(1, {"city": "上海", "age": 30}),
        person(2, {"city": "未知", "age": None}),
        person(3, {"city": ""}),
    ]
    assert known(stitched(events, [1, 2, 3], NO_RULES)) == {"city": "上海", "age": 30}


def test_two_birthdays_of_one_customer_contradict_each_other_and_two_cities_do_not() -> None:
    events = [
        person(1, {"birthday": "1990-01-02", "city": "a"}, user_id=None),
        person(2, {"birthday": "1990-01-02T00:00:00Z", "city": "b"}),
        person(3, {"birthday": "1991-01-02"}, anonymous_id="d2"),
    ]
    marked = "SELECT name, values_seen, contradictory FROM customer_attributes ORDER BY name"
    assert stitched(events[:2], [2], NO_RULES).query(marked) == [("birthday", 2, False), ("city", 2, False)]
    assert stitched(events, [1, 2, 3], NO_RULES).query(marked) == [("birthday", 3, True), ("city", 2, False)]


def test_a_source_that_ranks_higher_counts_whenever_it_came() -> None:
    events = [
        person(1, {"name": "from crm"}, library_name="crm"),
        person(2, {"name": "from web"}, library_name="web"),
    ]
    assert known(stitched(events, [2], RULES)) == {"name": "from crm"}
    assert known(stitched(events, [2], NO_RULES)) == {"name": "from web"}


def test_other_rules_choose_anew() -> None:
    events = [
        person(1, {"name": "a"}),
        person(2, {"name": "b"}),
        person(3, {"name": "a"}),
        person(4, {"name": "c"}),
    ]
    lake = stitched(events, [2, 4], NO_RULES)
    for rule, value in (("first", "a"), ("most_frequent", "a"), ("latest", "c")):
        resolve_all(lake, Rules({("shop", "name"): Rule(rule)}))
        assert known(lake) == {"name": value}
    assert resolve_all(lake, NO_RULES) == 0


def test_a_run_without_a_word_touches_nothing() -> None:
    lake = plain_lake()
    store(lake, [replace(event, traits=None, context=None) for event in arrivals(random.Random(3), 20)])
    loaded(lake, 20)
    assert stitch(lake, now=NOW).attributes == 0
