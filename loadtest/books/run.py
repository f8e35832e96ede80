"""`books`: millions of mixed events with kills in between; the client's ledger, the lake's tables, `sojourn
check` and the metric must say the same for every key and hour.
"""

import asyncio
import re
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from random import Random
from typing import Any, Final

import httpx
import msgspec

from loadtest.arms import Arms
from loadtest.books import compare
from loadtest.books.drive import Load, Sent
from loadtest.books.keys import Key, make_keys
from loadtest.books.ledger import Cell, Ledger
from loadtest.books.script import script
from loadtest.books.table import cells, hours_of, id_rows
from loadtest.charts import Chart
from loadtest.drive import answers
from loadtest.errors import BadOutput, GaveUp
from loadtest.house import House
from loadtest.processes import run, sojourn, wait_until
from loadtest.strikes import RANDOM, WEIGHTS, Strikes
from warehouse.lake import Lake

WORKERS: Final = 2
SETTLE_S: Final = 900.0
METRIC_S: Final = 120.0
# The metric has to come soon, and to cover the run however long it takes.
COUNTING: Final = {"SOJOURN_BOOKS_EVERY": "5", "SOJOURN_BOOKS_HOURS": "48"}
PAUSE_S: Final = 0.5
# Steps that come often enough with the default settings.
STEPS: Final = [step for step in WEIGHTS if step not in ("expire", "open")]
_METRIC = re.compile(r'^sojourn_books_events\{[^}]*term="(\w+)"[^}]*\} (\S+)$', re.MULTILINE)
_DIFFERENCE = re.compile(r"^sojourn_books_difference(?:\{[^}]*\})? (\S+)$", re.MULTILINE)
_SHOWN: Final = 40
Clock = Callable[[], int]
Report = Callable[[str], None]


class BooksFigures(msgspec.Struct, frozen=True):
    """What the command prints.

    `sent_again`: requests whose answer was lost; `hints`: duplicates that the door told of; `refused_whole`:
    requests of which nothing is kept, or an unreadable body, by reason; `unanswered_kept`: tries without an
    answer that were kept all the same; `cells`: keys and hours compared; `differences`: terms of them in
    which two of client, tables, check and metric differ; `missing`, `doubled`, `wrong_fate`, `unmarked`: ids;
    `misread`: answers that were not what they must be.
    """

    events: int
    requests: int
    ids: int
    kills: int
    sent_again: int
    unanswered_kept: int
    hints: int
    refused_whole: dict[str, int]
    received: int
    stored: int
    duplicate: int
    rejected: dict[str, int]
    filtered: dict[str, int]
    damaged: int
    cells: int
    difference: int
    differences: int
    missing: int
    doubled: int
    wrong_fate: int
    unmarked: int
    misread: int
    seconds: float
    rate: float
    client_cores: float

    @property
    def held(self) -> bool:
        faults = (self.difference, self.differences, self.missing, self.doubled, self.wrong_fate)
        return not any((*faults, self.unmarked, self.misread)) and self.stored > 0


class Settled(msgspec.Struct, frozen=True):
    """`sojourn check` by key and hour, and the metric's terms, once nothing is pending."""

    cells: dict[Cell, dict[str, int]]
    metric: dict[str, int]
    difference: int


def books(
    events: int, kills: int, rate: float, seed: int, work: Path | None, clock: Clock, report: Report
) -> tuple[BooksFigures, tuple[Chart, ...]]:
    """Send, kill, settle, compare."""
    rng = Random(seed)
    with tempfile.TemporaryDirectory(prefix="loadtest-books-", dir=work) as folder, Arms(rng) as arms:
        data = Path(folder) / "data"
        data.mkdir()
        house = House(data, workers=WORKERS, variables={**COUNTING, **arms.variables})
        keys = make_keys(data, dict(house.variables), clock)
        with house:
            load = Load(house.url, script(keys, seed), events, rate, clock, report)
            sent, done = asyncio.run(_sent(house, arms, load, kills, rng, clock, report))
            settled = _settled(house, keys, report)
            with house.lake() as lake:
                result = judged(lake, load.ledger, settled, keys, done, sent, report)
    return result, (Chart("Events answered", "events", {"events": sent.progress}),)


async def _sent(
    house: House, arms: Arms, load: Load, kills: int, rng: Random, clock: Clock, report: Report
) -> tuple[Sent, int]:
    """Kill at a step of an event's way, or anything at random, and wait until it is up again."""
    await answers(house.url, "/health", 60.0, clock)
    done = Counter[str]()

    async def one(number: int) -> None:
        (step,) = rng.choices(STEPS, [WEIGHTS[step] for step in STEPS])
        report(f"kill {number + 1} of {kills} at {load.ledger.events:,} events: {step}")
        wanted = {step: 1 + (0 if step == RANDOM else arms.by_step()[step])}
        await Strikes(house, arms, wanted, PAUSE_S, rng, clock, lambda line: None).run()
        done[step] += 1

    return await load.run(kills, one), done.total()


def _settled(house: House, keys: dict[str, Key], report: Report) -> Settled:
    report("waiting until nothing is pending")
    house.settle(SETTLE_S)
    printed = run(sojourn("check", "--json", "--by", "key,hour"), house.variables, codes=(0, 1))
    checked = msgspec.json.decode(printed)
    said = {_cell(entry, keys): entry for entry in checked["by"]}
    settled: list[Settled] = []

    def as_checked() -> bool:
        metric, difference = read_metric(httpx.get(f"{house.url}/metrics", trust_env=False).text)
        settled[:] = [Settled(said, metric, difference)]
        return all(metric.get(term) == checked[term] for term in compare.TERMS)

    try:
        wait_until("the metric to say what check says", as_checked, METRIC_S, every_s=1.0)
    except GaveUp as error:
        report(str(error))
    return settled[-1]


def _cell(entry: Mapping[str, Any], keys: dict[str, Key]) -> Cell:
    names = {key.id: name for name, key in keys.items()}
    hour = int(datetime.fromisoformat(entry["hour"]).timestamp()) // 3600
    return names.get(entry["key"], str(entry["key"])), hour


def read_metric(text: str) -> tuple[dict[str, int], int]:
    """The terms of the books and their difference, as /metrics has them. BadOutput where it has none."""
    terms = {term: int(float(value)) for term, value in _METRIC.findall(text)}
    found = _DIFFERENCE.search(text)
    if found is None:
        raise BadOutput(f"/metrics has no sojourn_books_difference among {text.count(chr(10))} lines")
    return terms, int(float(found[1]))


def judged(
    lake: Lake, ledger: Ledger, settled: Settled, keys: dict[str, Key], kills: int, sent: Sent, report: Report
) -> BooksFigures:
    """Everything beside everything, told line by line where it differs."""
    ledger.settle(hours_of(lake, ledger.anchors))
    table = compare.in_terms(cells(lake, {key.no: name for name, key in keys.items()}))
    lines = list(_differences(ledger, table, settled))
    report(f"{len(lines)} differences" if lines else "client, tables, check and metric say the same")
    for line in [*lines[:_SHOWN], *ledger.surprises]:
        report(line)
    rows = id_rows(lake, len(ledger.stored))
    fates = compare.fates(ledger, rows)
    totals: Counter[str] = Counter()
    for terms in table.values():
        totals.update(terms)
    said = sum((Counter(entry) for entry in map(_numbers, settled.cells.values())), Counter[str]())
    return BooksFigures(
        events=ledger.events,
        requests=ledger.requests,
        ids=int((ledger.stored > 0).sum() + ((ledger.stored == 0) & (ledger.refused > 0)).sum()),
        kills=kills,
        sent_again=ledger.sent_again,
        unanswered_kept=ledger.unanswered_kept,
        hints=ledger.hints,
        refused_whole=dict(ledger.refused_whole),
        received=said["received"],
        stored=totals["stored"],
        duplicate=totals["duplicate"],
        rejected=_of(totals, "rejected"),
        filtered=_of(totals, "filtered"),
        damaged=totals["damaged"],
        cells=len(table),
        difference=sum(abs(entry["difference"]) for entry in settled.cells.values()) + settled.difference,
        differences=len(lines),
        missing=fates.missing,
        doubled=fates.doubled,
        wrong_fate=fates.other,
        unmarked=fates.unmarked,
        misread=ledger.misread,
        seconds=round(sent.seconds, 1),
        rate=round(ledger.events / sent.seconds, 1),
        client_cores=round(sent.client_cores, 3),
    )


def _differences(ledger: Ledger, table: compare.Cells, settled: Settled) -> Iterator[str]:
    wanted = compare.expected(ledger)
    yield from compare.differences("the tables say", wanted, table)
    terms = compare.TERMS
    yield from compare.disagreements("the tables say", table, "check says", settled.cells, terms)
    of_check: Counter[str] = Counter()
    for entry in settled.cells.values():
        of_check.update({term: entry[term] for term in terms})
    for term in terms:
        told = settled.metric.get(term)
        if told != of_check[term]:
            yield f"all keys and hours, {term}: check says {of_check[term]:,}, the metric {told}"


def _numbers(entry: Mapping[str, Any]) -> dict[str, int]:
    return {name: value for name, value in entry.items() if isinstance(value, int)}


def _of(totals: Mapping[str, int], verdict: str) -> dict[str, int]:
    return {
        term.partition(".")[2]: events
        for term, events in sorted(totals.items())
        if term.startswith(f"{verdict}.")
    }
