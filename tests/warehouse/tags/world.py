"""Random customers with merges and late events, as the lake has them, and their tags in plain Python."""

from __future__ import annotations

import json
import random
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from sessionizer.identity import Decision
from sessionizer.incremental import stitch
from sessionizer.rebuild import rebuild
from sessionizer.redecision import redecide
from sessionizer.tagging import keep_up
from tests.sessionizer.world import MINUTE, START, Event, loaded, plain_lake, store
from tests.warehouse.insights.asked_lake import NAMES, NOW, owners
from tests.warehouse.tags.plain import Known, Person
from warehouse.erasure.held import conditions, gather
from warehouse.erasure.subject import find_subject
from warehouse.lake import Lake
from warehouse.tags import Tag, read_tags
from warehouse.tags.rules import Versioned

TAGS = read_tags(Path(__file__).with_name("rules.yaml").read_text("utf-8"))
WANTED = {"shop": [Versioned(tag, 1) for tag in TAGS]}
HOUR = 60 * MINUTE
ROWS = """
    SELECT tag, customer_id, epoch_us(entered_at), epoch_us(left_at), evidence::VARCHAR
    FROM tag_members ORDER BY ALL"""

JOINED = """
    SELECT project, left_kind, left_value, right_kind, right_value
    FROM identity_edges WHERE state = 'joined' ORDER BY ALL"""

Row = tuple[str, str, int, int | None, list[str]]


def events_of(random_: random.Random, people: int = 4, most: int = 14) -> list[Event]:
    """In order of load: late ones, equal times, ids that come to be one person's, the same id twice."""
    found = [one for person in range(people) for one in _life(random_, person, most)]
    random_.shuffle(found)
    found += random_.sample(found, min(2, len(found)))
    return [msgspec.structs.replace(one, load_seq=number) for number, one in enumerate(found, 1)]


def _life(random_: random.Random, person: int, most: int) -> Iterator[Event]:
    moments = [START + random_.randrange(9 * 24) * HOUR for _ in range(random_.randint(1, 4))]
    for number in range(random_.randint(1, most)):
        device = random_.choice((f"d{person}", f"d{person}", f"e{person}", "tablet"))
        user = random_.choice((f"u{person}", None, None)) if device != "tablet" else f"u{person}"
        said = random_.random() < 0.15
        yield Event(
            0,
            random_.choice(moments) + random_.choice((0, 0, 1, 5, 40, 24 * 60, 7 * 24 * 60)) * MINUTE,
            f"m{person}-{number}",
            "identify" if said else "track",
            device,
            user,
            event=None if said else random_.choice(NAMES),
            traits=json.dumps({"plan": random_.choice(("pro", "basic"))}) if said else None,
            properties=json.dumps({"price": random_.choice((5, 7.5, "12", None))}),
            is_bot=random_.random() < 0.03 or None,
        )


def empty_lake() -> Lake:
    lake = plain_lake()
    lake.execute("CREATE MACRO lake.current_snapshot() AS TABLE SELECT 7 AS id")
    return lake


def run(lake: Lake, until: int, **laws: Any) -> None:
    """Load up to a load_seq, stitch it, and evaluate who changed."""
    loaded(lake, until)
    while stitch(lake, now=lambda: NOW, **laws).behind:
        pass
    keep_up(lake, WANTED, NOW)


def stays(lake: Lake) -> list[Row]:
    """What the lake says."""
    return [(*row[:4], json.loads(row[4])) for row in lake.query(ROWS)]


def expected(lake: Lake, events: Iterable[Event], tags: Iterable[Tag] = TAGS) -> list[Row]:
    """What it should say, by the events and by who everybody is."""
    listed = [one for one in events if not one.is_bot]
    whose = owners(lake, listed)
    lives: dict[str, list[Event]] = defaultdict(list)
    for one in listed:
        lives[whose[one.load_seq]].append(one)
    known = _known(lake)
    sql = "SELECT customer_id, epoch_us(first_seen) FROM customers"
    return sorted(
        (tag.name, customer, *stay)
        for customer, first_seen in lake.query(sql)
        for tag in tags
        for stay in Person(lives[customer], first_seen, known.get(customer, {})).stays(tag)
    )


def _known(lake: Lake) -> dict[str, Known]:
    """The attributes of customers, and since when their value was said of any of their ids."""
    found: dict[str, Known] = defaultdict(dict)
    sql = """
        SELECT a.customer_id, a.name, a.value ->> '$', min(epoch_us(t.first_at))
        FROM customer_attributes AS a, traits AS t, identities AS i
        WHERE i.customer_id = a.customer_id AND t.identity_key = i.identity_key AND t.name = a.name
            AND t.value = a.value::VARCHAR
        GROUP BY ALL"""
    for customer, name, value, since in lake.query(sql):
        found[customer][name] = value, since
    return found


def store_all(events: Iterable[Event]) -> Lake:
    lake = empty_lake()
    store(lake, events)
    return lake


def split(lake: Lake, random_: random.Random) -> list[Decision]:
    """People say that two ids which some event joined are not one person's."""
    edges = lake.query(JOINED)
    if not edges:
        return []
    ((until,),) = lake.query("SELECT load_seq FROM cursors WHERE name = 'stitch'")
    pair = random_.choice(edges)
    said = dict(zip(Decision.__struct_fields__, [*pair, "block", until], strict=False))
    decision = msgspec.convert(said, Decision)
    with lake.transaction():
        redecide(lake, (decision.left_key, decision.right_key), until, decisions=[decision])
    keep_up(lake, WANTED, NOW)
    return [decision]


def erase(lake: Lake, events: list[Event], user: str, decisions: list[Decision]) -> list[Event]:
    """A person and their events go, and who was seen with them is decided again. The events left."""
    if not lake.query("SELECT 1 FROM identities WHERE value = ?", [user]):
        return events
    subject = find_subject(lake, user, "shop")
    values = {one.value for one in subject.ids}
    left = [one for one in events if not {one.anonymous_id, one.user_id} & values]
    with lake.transaction():
        gather(lake, [subject])
        for table, condition in conditions(lake):
            lake.execute(f"DELETE FROM {table} WHERE {condition}")
        lake.execute("DELETE FROM events")
        store(lake, left)
    rebuild(lake, now=lambda: NOW, decisions=decisions)
    return left
