"""The client's ledger against a lake that is right, and ones that are not; the smallest whole form."""

import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Callable
from itertools import islice

import msgspec
import numpy as np
import pytest

from loadtest.books import compare
from loadtest.books.drive import rounds, sendings
from loadtest.books.keys import RULES, Key
from loadtest.books.kinds import KINDS
from loadtest.books.ledger import HOUR_US, Answered, Cell, Ledger
from loadtest.books.run import BooksFigures, read_metric
from loadtest.books.script import Asked, script
from loadtest.books.table import IdRows
from loadtest.errors import BadOutput
from sdk_contract.dialects.segment import SEGMENT
from sdk_contract.judging import judge

NOW = 1_795_300_000 * 1_000_000 // HOUR_US * HOUR_US + 5_000_000
HOUR = NOW // HOUR_US
EVENTS = 20_000
SCRIPT = script({name: Key(name, no, f"k_{no}", f"wk_{name}") for no, name in enumerate(RULES, 1)}, 1)
Table = dict[Cell, Counter[str]]


class Lake:
    """A lake as it must be: takes requests in the order of loading, the first copy of an id is stored."""

    def __init__(self, ids: int) -> None:
        self.table: Table = defaultdict(Counter)
        stored, duplicate, marked, refused = (np.zeros(ids, np.uint8) for _ in range(4))
        self.ids = IdRows(stored, duplicate, marked, refused, unknown=0)
        self.anchors: dict[str, Counter[int]] = defaultdict(Counter)
        self._said: dict[tuple[str, int], bool] = {}

    def take(self, number: int, asked: Asked, hour: int) -> None:
        rows = self.table[asked.key, hour]
        if asked.kept:
            rows[f"rejected.{asked.reason}"] += 1
        base = SCRIPT.base(number)
        places, times = asked.changed
        again = dict(zip(places.tolist(), times.tolist(), strict=True))
        for place, fate in zip(asked.places.tolist(), asked.fates, strict=True):
            if fate is not None:
                rows[".".join(fate)] += 1
                self.ids.refused[place + base] += place in asked.refused[0]
                continue
            changed = again.get(place, 0) > 0
            again[place] = again.get(place, 0) - changed
            project = RULES[asked.key]["project"]
            first = self._said.setdefault((project, place + base), changed)
            rows["duplicate" if self.ids.stored[place + base] else "stored"] += 1
            if self.ids.stored[place + base]:
                self.ids.duplicate[place + base] += 1
                self.ids.marked[place + base] += first != changed
            self.ids.stored[place + base] = 1
        for anchor in SCRIPT.request(number, asked).ids:
            self.anchors[anchor][hour] += 1


def reply_to(asked: Asked) -> bytes:
    if asked.status != 200:
        return msgspec.json.encode({"success": False, "reason": asked.reason})
    told = [
        {"verdict": "ok"} if fate is None else {"verdict": fate[0], "reason": fate[1]} for fate in asked.fates
    ]
    return msgspec.json.encode({"verdicts": told})


def answered(number: int, asked: Asked, first_at: int = NOW, at: int = NOW, tries: int = 1) -> Answered:
    return Answered(number, asked, first_at, at, tries, asked.status, reply_to(asked))


def both(doubt: Callable[[int], tuple[int, int, list[int]]]) -> tuple[Ledger, Lake]:
    """The client and the lake after a few rounds; `doubt`: number of a request -> (answered at, tries, where
    copies were kept as hours).
    """
    ledger = Ledger(SCRIPT, rounds(SCRIPT, EVENTS))
    lake = Lake(len(ledger.stored))
    for count, (number, asked) in enumerate(sendings(SCRIPT, EVENTS)):
        at, tries, kept = doubt(count)
        ledger.answered(answered(number, asked, NOW, at, tries))
        for hour in kept if asked.status == 200 or asked.kept else ():
            lake.take(number, asked, hour)
    ledger.settle(lake.anchors)
    return ledger, lake


def told(ledger: Ledger, lake: Lake) -> list[str]:
    return list(compare.differences("the tables say", compare.expected(ledger), compare.in_terms(lake.table)))


def plain(_: int) -> tuple[int, int, list[int]]:
    return NOW, 1, [HOUR]


def lost(count: int) -> tuple[int, int, list[int]]:
    """Every seventh request: two answers lost, one of the tries kept all the same."""
    return (NOW, 3, [HOUR, HOUR]) if count % 7 == 0 else plain(count)


def late(count: int) -> tuple[int, int, list[int]]:
    """From some request on answers come in the next hour; some requests had been kept before it."""
    if count < 200:
        return plain(count)
    return (NOW + HOUR_US, 1, [HOUR if count % 3 else HOUR + 1])


@pytest.mark.parametrize("doubt", [plain, lost, late], ids=["plain", "lost", "late"])
def test_a_lake_that_is_right_is_found_right(doubt: Callable[[int], tuple[int, int, list[int]]]) -> None:
    ledger, lake = both(doubt)
    assert ledger.events >= EVENTS
    assert told(ledger, lake) == []
    assert compare.fates(ledger, lake.ids) == compare.Fates(0, 0, 0, 0)
    assert ledger.misread == 0
    assert bool(ledger.doubtful) is (doubt is not plain)


def test_every_kind_and_verdict_is_sent() -> None:
    asked = [one for one in SCRIPT.requests if one.status == 200]
    reasons = {fate for one in asked for fate in one.fates}
    assert {kind.fates[key] for kind in KINDS for key in kind.fates} | {None} == reasons
    assert {one.key for one in SCRIPT.requests} == set(RULES)
    assert sum(len(one.changed[0]) for one in asked) > 10
    assert {one.reason for one in SCRIPT.requests if one.status != 200} == {
        *("bad_envelope", "bad_compression", "too_many_events", "body_too_large", "unknown_key")
    }


def test_the_bodies_are_judged_as_the_script_says_where_there_are_no_rules() -> None:
    for number, asked in islice(sendings(SCRIPT, EVENTS), 250):
        if asked.status == 200 and asked.key == "plain" and not asked.packed:
            judged = judge(SEGMENT.parse("batch", SCRIPT.request(number, asked).body), "batch", "B", 32 << 10)
            fates = [None] * asked.events
            for one in judged.judgements:
                fates[one.index] = (one.verdict.value, one.reason.value if one.reason else "")  # type: ignore[call-overload]
            assert tuple(fates) == asked.fates


def test_ids_are_fresh_in_every_round() -> None:
    first, second = (SCRIPT.request(number, SCRIPT.requests[0]) for number in (0, 1))
    assert first.ids != second.ids or not first.ids
    seen = Ledger(SCRIPT, 3)
    for number in range(3):
        for asked in SCRIPT.requests:
            seen.answered(answered(number, asked))
    assert int((seen.stored > 0).sum() + (seen.refused > 0).sum()) > 2.5 * SCRIPT.ids


@pytest.mark.parametrize("term", ["stored", "duplicate", "rejected.bad_time", "filtered.suppressed"])
@pytest.mark.parametrize("off", [-1, 1])
def test_one_row_too_few_or_too_many_is_named(term: str, off: int) -> None:
    ledger, lake = both(lost)
    key = "warned" if term == "filtered.suppressed" else "plain"
    lake.table[key, HOUR][term] += off
    lines = told(ledger, lake)
    assert any(line.startswith(f"{compare.place((key, HOUR))}, {term}: the client says") for line in lines)
    assert any(", received: " in line for line in lines)


def test_a_row_of_another_hour_or_key_is_named() -> None:
    ledger, lake = both(plain)
    lake.table["strict", HOUR + 1]["stored"] += 1
    assert any(
        line.startswith("key strict, ") and ", stored: the client says 0" in line
        for line in told(ledger, lake)
    )


def test_a_repeat_that_the_client_forgets_is_named() -> None:
    ledger, lake = both(plain)
    ledger.sure["plain", HOUR]["kept"] -= 1
    assert any("key plain" in line and "duplicate" in line for line in told(ledger, lake))


def test_ids_without_their_fate_are_counted() -> None:
    ledger, lake = both(plain)
    stored = np.flatnonzero((ledger.stored == 1) & (ledger.refused == 0))
    lake.ids.stored[stored[0]] = 0
    lake.ids.stored[stored[1]] = 2
    lake.ids.refused[stored[2]] = 1
    changed = np.flatnonzero((ledger.changed == 1) & (ledger.stored == 4))[:1]
    lake.ids.marked[changed] = 2
    assert compare.fates(ledger, lake.ids) == compare.Fates(1, 1, 1, len(changed))
    assert compare.fates(ledger, msgspec.structs.replace(lake.ids, unknown=3)).other == 4


def test_an_acknowledged_request_that_is_nowhere_is_a_surprise() -> None:
    ledger, lake = both(lost)
    anchor, hours = next((one, lake.anchors[one]) for one in ledger.anchors)
    again = Ledger(SCRIPT, 1)
    again.doubtful = ledger.doubtful[:1]
    again.settle({anchor: Counter()})
    assert again.misread == 1
    assert "not at all" in again.surprises[0]
    again.settle({anchor: Counter({HOUR: 4})})
    assert again.misread == 2
    assert hours == Counter({HOUR: 2})


def test_an_unreadable_body_that_may_have_been_kept_twice_has_bounds() -> None:
    unreadable = next(one for one in SCRIPT.requests if one.kept)
    ledger = Ledger(SCRIPT, 1)
    ledger.answered(answered(0, unreadable, tries=3))
    term = f"rejected.{unreadable.reason}"
    assert compare.expected(ledger)[unreadable.key, HOUR][term] == compare.Span(1, 3)
    over = {(unreadable.key, HOUR): Counter({term: 4})}
    assert list(compare.differences("it says", compare.expected(ledger), compare.in_terms(over)))


def test_answers_that_are_wrong_are_told() -> None:
    ledger = Ledger(SCRIPT, 1)
    good = next(one for one in SCRIPT.requests if one.events > 2)
    one = answered(0, good)
    hinted = msgspec.json.encode(
        {"verdicts": [{"verdict": "duplicate", "reason": "duplicate"}] * good.events}
    )
    for wrong in (one._replace(status=503), one._replace(body=b'{"verdicts":[]}'), one._replace(body=hinted)):
        before = ledger.misread
        ledger.answered(wrong)
        assert ledger.misread == before + 1


def test_the_metric_is_read_as_prometheus_reads_it() -> None:
    text = 'sojourn_books_events{term="stored"} 1.2e+06\nsojourn_books_difference 3.0\n'
    assert read_metric(text) == ({"stored": 1_200_000}, 3)
    with pytest.raises(BadOutput, match="sojourn_books_difference"):
        read_metric("sojourn_other 1\n")


@pytest.mark.slow
def test_books_close_over_two_kills() -> None:
    small = ["--events", "4000", "--kills", "2", "--rate", "1000", "--json"]
    done = subprocess.run(
        [sys.executable, "-m", "loadtest", "books", *small], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    result = msgspec.json.decode(done.stdout, type=BooksFigures)
    assert result.held
    assert result.kills == 2
    assert result.duplicate > 0
