"""What every foreign dialect's tests ask of it."""

import json
from collections.abc import Mapping
from pathlib import Path
from random import Random
from typing import Any

from sdk_contract.dialects import Dialect, Sent
from sdk_contract.dialects.segment import SEGMENT
from sdk_contract.errors import Refused
from sdk_contract.judging import Judged, judge
from tests.sdk_contract.dialects.captured import LIMIT, Recorded, events_of, mutations

ODD: tuple[Any, ...] = (None, "", 0, -1.5, True, [], {}, [1], {"a": 1}, "x" * 3000, 10**30, "\u0000", "🛒")
BROKEN = (b"NaN", b'"\xff"', b'"\\ud800"', b"[" * 2000 + b"]" * 2000, b"5", b"[]")


def translated(
    dialect: Dialect, kind: str, body: bytes, query: bytes = b"", headers: Mapping[bytes, bytes] = {}
) -> list[dict[str, Any]]:
    """The events of a body."""
    assert dialect.translate is not None
    return events_of(dialect.translate(Sent(kind, query, headers, body, LIMIT)))


def judged(body: bytes) -> Judged:
    return judge(SEGMENT.parse("batch", body), "batch", "B", 32 * 1024)


def stand_mutations(dialect: Dialect, one: Recorded, seed: int, number: int) -> None:
    """Whatever is done to a request, it is refused or read; what is read is judged without trouble."""
    sent = one.sent(dialect)
    assert dialect.translate is not None
    for body in mutations(sent.body, seed, number):
        try:
            found = dialect.translate(Sent(sent.kind, sent.query, sent.headers, body, LIMIT))
        except Refused:
            continue
        assert judged(found.body).trouble is None


def spare_neighbours(
    dialect: Dialect,
    kind: str,
    events: list[dict[str, Any]],
    wrap: tuple[bytes, bytes],
    seed: int,
    number: int,
) -> None:
    """An event that is spoilt costs itself: those beside it are translated as without it."""
    assert dialect.translate is not None
    random, (before, after) = Random(seed), wrap
    texts = [json.dumps(event).encode() for event in events]
    whole = translated(dialect, kind, before + b",".join(texts) + after)
    for _ in range(number):
        at = random.randrange(len(events))
        given = [*texts]
        given[at] = random.choice(BROKEN) if random.random() < 0.2 else spoilt(events[at], random)
        found = dialect.translate(Sent(kind, b"", {}, before + b",".join(given) + after, LIMIT))
        parsed = SEGMENT.parse("batch", found.body)
        assert len(parsed.events) == len(events)
        kept = [json.loads(bytes(raw)) for index, raw in enumerate(parsed.events) if index != at]
        assert kept == [event for index, event in enumerate(whole) if index != at]
        assert judged(found.body).trouble is None


def spoilt(event: dict[str, Any], random: Random) -> bytes:
    """The event with one of its values, at any depth, replaced by something that nobody expects."""
    copy = json.loads(json.dumps(event))
    inner = copy
    while True:
        name = random.choice(list(inner))
        if not isinstance(inner[name], dict) or not inner[name] or random.random() < 0.4:
            break
        inner = inner[name]
    inner[name] = random.choice(ODD)
    return json.dumps(copy).encode()


GOLDEN = Path(__file__).parent / "golden"


def golden(name: str) -> list[dict[str, Any]]:
    """How the requests of one SDK are to be translated, in order: key, sent_at, events."""
    found: list[dict[str, Any]] = json.loads((GOLDEN / f"{name}.json").read_text("utf-8"))
    return found


def as_golden(dialect: Dialect, one: Recorded) -> dict[str, Any]:
    """The same of a recorded request."""
    assert dialect.translate is not None
    found = dialect.translate(one.sent(dialect))
    return {"key": found.key, "sent_at": json.loads(found.body).get("sentAt"), "events": events_of(found)}
