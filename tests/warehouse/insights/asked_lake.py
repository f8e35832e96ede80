"""Small random lakes to ask, and in plain Python whose each of their events is."""

import json
import random
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import msgspec

from sessionizer.incremental import stitch
from tests.sessionizer.world import MINUTE, START, Event, loaded, plain_lake, store
from warehouse.lake import Lake

NOW = START + 20 * 24 * 60 * MINUTE
NAMES = ("Viewed", "Added", "Checkout", "Ordered", "Other")


def lake_of(events: Iterable[Event]) -> Lake:
    """A lake that holds these events, their sessions and customers."""
    lake, listed = plain_lake(), list(events)
    lake.execute("CREATE MACRO lake.current_snapshot() AS TABLE SELECT 7 AS id")
    store(lake, listed)
    loaded(lake, max((one.load_seq for one in listed), default=0))
    while stitch(lake, now=lambda: NOW).behind:
        pass
    return lake


def random_lake(seed: int, people: int) -> tuple[Lake, list[Event]]:
    """A random shop of ten days, and its events: ties, people with two devices, devices of two people."""
    events = random_events(random.Random(seed), people)
    return lake_of(events), events


def all_agree(said: Callable[[Any], object], rolled: Any, raw: Any, wanted: Any) -> None:
    """An answer of the roll-up and one of events tell what they are of, and say what that of the statement
    says.
    """
    assert (rolled.source, rolled.why_raw) == ("rollup", None)
    assert (raw.source, raw.why_raw) == ("raw", "asked for")
    assert said(rolled) == said(wanted), wanted.question
    assert said(raw) == said(wanted), wanted.question


def complete(lake: Lake, until: int) -> None:
    """Say that everything received before this moment (µs UTC) is in."""
    lake.execute("UPDATE cursors SET complete_until = make_timestamptz(?)", [until])


def random_events(random_: random.Random, people: int) -> list[Event]:
    found = [one for person in range(people) for one in _life(random_, person)]
    random_.shuffle(found)
    return [msgspec.structs.replace(one, load_seq=number) for number, one in enumerate(found, 1)]


def _life(random_: random.Random, person: int) -> Iterator[Event]:
    """What one person does: some moments, many of them equal, on own devices or the one in the shop."""
    moments = [START + random_.randrange(10 * 24) * 60 * MINUTE for _ in range(random_.randint(1, 3))]
    for number in range(random_.randint(1, 12)):
        at = random_.choice(moments) + random_.choice((0, 0, 1, 5, 40)) * MINUTE
        device = random_.choice((f"d{person}", f"d{person}", f"e{person}", "tablet"))
        user = random_.choice((f"u{person}", None)) if device != "tablet" else f"u{person}"
        yield Event(
            0,
            at,
            f"m{person}-{number}",
            "track",
            device,
            user,
            event=random_.choice(NAMES),
            properties=json.dumps({"price": random_.choice((5, 7.5, "12", None)), "a.b/c": "it's"}),
            country=random_.choice(("CN", "DE", None)),
            device_type=random_.choice(("mobile", "desktop")),
            is_bot=random_.random() < 0.02 or None,
        )


def owners(lake: Lake, events: Iterable[Event]) -> dict[int, str]:
    """load_seq -> customer: of the session that the event lies in, else of its device."""
    sessions: dict[int, list[tuple[Any, ...]]] = {}
    sql = """
        SELECT subject_key, identity_key, epoch_us(started_at), first_message_id, epoch_us(ended_at),
            last_message_id
        FROM sessions"""
    for subject, *rest in lake.query(sql):
        sessions.setdefault(subject, []).append(tuple(rest))
    customers = dict(lake.query("SELECT identity_key, customer_id FROM identities"))
    found = {}
    for one in events:
        key = one.subject_key
        for identity, start, first, end, last in sessions.get(one.subject_key, []):
            if (start, first) <= (one.at, one.message_id) <= (end, last):
                key = identity
        found[one.load_seq] = customers.get(key, str(one.subject_key))
    return found
