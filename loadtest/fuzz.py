"""`fuzz`: hostile requests at a running collector: no 500, no neighbour lost, a row for all it took."""

import re
import tempfile
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Final
from urllib.request import ProxyHandler, build_opener
from uuid import uuid4

import msgspec
import pyarrow.compute as pc
import pyarrow.parquet as pq

from loadtest.errors import GaveUp
from loadtest.fuzz_sender import Finding, Sent, Task, added, send
from loadtest.hostile import proof
from loadtest.processes import Program, free_port, role, rss_of, sojourn, wait_until
from sdk_contract.plan import read_plan
from warehouse.registry import Registry

CONNECTIONS: Final = 24
DRAIN_S: Final = 300.0
EVERY_S: Final = 1.0
_MIB: Final = 1 << 20
_PLAN: Final = {
    "plan.yaml": "version: 1.0.0\ndescription: Of the fuzzer.\nunplanned: warn\n",
    "events/good.yaml": """event: Fuzz Good
description: A good neighbour.
properties:
  type: object
  required: [proof]
  properties: {proof: {type: string, pattern: '^[a-p]{16}$'}}
""",
}
_KEYS: Final[dict[str, dict[str, Any]]] = {
    "plain": {"project": "plain"},
    "strict": {"project": "plain", "ip_policy": "drop", "privacy": "strict"},
    "planned": {"project": "planned", "plan_mode": "enforce", "privacy": "standard", "ip_policy": "hash"},
}
_FAULTS: Final = ("unexpected error", "Traceback", "program fell", "events unprocessed")
Report = Callable[[str], None]


class Fuzz(msgspec.Struct, frozen=True):
    """What the command prints; all that is `wrong` or missing must be 0. `rss_max_mib`: by program."""

    cases: int
    seed: int
    by_kind: dict[str, int]
    statuses: dict[str, int]
    http_500: int
    lost_neighbours: int
    invalid_answers: int
    no_answer: int
    neighbours: int
    events: int
    rows: int
    unprocessed: int
    faults: int
    series: int
    slowest_ms: int
    rss_max_mib: dict[str, int]

    @property
    def held(self) -> bool:
        wrong = self.http_500 + self.lost_neighbours + self.invalid_answers + self.no_answer
        return not wrong + self.unprocessed + self.faults and self.events == self.rows and self.neighbours > 0


class Landed:
    """Looks at what comes into landing, and removes it: a long run would fill the disk."""

    def __init__(self, landing: Path) -> None:
        self.landing = landing
        self.rows = self.unprocessed = 0
        self.good: dict[int, int] = {}

    def look(self) -> None:
        for path in self.landing.glob("date=*/hour=*/*.parquet"):
            table = pq.read_table(path, columns=["message_id", "reason", "properties"])
            self.rows += table.num_rows
            self.unprocessed += pc.sum(pc.equal(table["reason"], "unprocessed")).as_py() or 0
            kept = table.filter(pc.starts_with(table["message_id"], "good-"))
            for name, properties in zip(
                *(kept[column].to_pylist() for column in ("message_id", "properties")), strict=True
            ):
                self._keep(name[5:], properties)
            path.unlink()

    def _keep(self, digits: str, properties: str | None) -> None:
        if digits.isdecimal() and properties == f'{{"proof":"{proof(int(digits))}"}}':
            self.good[int(digits)] = self.good.get(int(digits), 0) + 1


class Collector:
    """`sojourn collect` on a folder of its own, with three keys and short times for slow clients."""

    def __init__(self, folder: Path, clock: Callable[[], int]) -> None:
        self.data, port = folder / "data", free_port()
        self.url = f"http://127.0.0.1:{port}"
        self.keys = make_keys(self.data, clock)
        variables = {"DATA": str(self.data), "PORT": str(port), "BODY_SECONDS": "2", "HEAD_SECONDS": "2"}
        given = {f"SOJOURN_{name}": value for name, value in variables.items()}
        log = folder / "collect.log"
        self.program = Program(sojourn("collect"), mark=uuid4().hex, log=log, variables=given)
        self.rss: dict[str, int] = {}

    def watch(self) -> None:
        """Notes how much memory each program has."""
        self.program.require()
        for process in self.program.all():
            name = role(process)
            self.rss[name] = max(self.rss.get(name, 0), rss_of([process]) // _MIB)

    def metrics(self) -> str:
        with build_opener(ProxyHandler({})).open(f"{self.url}/metrics", timeout=30) as answer:
            return str(answer.read().decode())

    def counted(self) -> int:
        """Events that the collector says it has taken."""
        return sum(
            int(float(value))
            for value in re.findall(r"^sojourn_events_total\{.*\} (\S+)$", self.metrics(), re.MULTILINE)
        )

    def faults(self) -> list[str]:
        """Lines of the log that tell of a fault of ours, or of a program that fell."""
        log = self.program.log.read_text(errors="replace")
        return [line for line in log.splitlines() if any(sign in line for sign in _FAULTS)]


def make_keys(data: Path, clock: Callable[[], int]) -> tuple[str, ...]:
    """Write keys with different rules, in a new data folder."""
    data.mkdir()
    registry = Registry.open(data / "registry.sqlite", now=clock)
    try:
        plan = read_plan(_PLAN)
        registry.publish_plan("planned", plan.version, plan.to_json(), "loadtest")
        return tuple(registry.create_key(**given).secret for given in _KEYS.values())
    finally:
        registry.close()


def fuzz(
    cases: int, seed: int, processes: int, recordings: Path, keep: Path | None, clock: Callable[[], int],
    answers: Callable[[str], None], report: Report,
) -> Fuzz:  # fmt: skip
    """Sends `cases` from `processes` processes; what is found is written to the folder `keep`."""
    with tempfile.TemporaryDirectory(prefix="loadtest-fuzz-") as name:
        collector = Collector(Path(name), clock)
        landed = Landed(collector.data / "landing")
        with collector.program:
            answers(collector.url)
            every = _send(collector, landed, cases, seed, processes, recordings, report)
            wait_until(
                "the journal to be published", lambda: _is_through(collector, landed), DRAIN_S, EVERY_S
            )
            result = _figures(collector, landed, every, seed)
            for line in collector.faults()[:20]:
                report(line[:2_000])
    for number, one in enumerate(added(every).found):
        report(f"{one.what}: {one.kind} of seed {one.seed}, answered {one.status} {one.answer[:200]!r}")
        if keep is not None:
            write(keep, number, one)
    return result


def _send(
    collector: Collector,
    landed: Landed,
    cases: int,
    seed: int,
    processes: int,
    recordings: Path,
    report: Report,
) -> list[Sent]:
    with ProcessPoolExecutor(processes, get_context("spawn")) as pool:
        begun: list[Future[Sent]] = [
            pool.submit(
                send,
                Task(collector.url, collector.keys, recordings, share, seed, number, processes, CONNECTIONS),
            )
            for number, share in enumerate(_shares(cases, processes))
        ]
        looks = 0
        while not all(one.done() for one in begun):
            _wait(begun)
            collector.watch()
            landed.look()
            looks += 1
            if looks % 15 == 0:
                report(f"{landed.rows:,} rows in landing, {collector.rss} MiB")
        return [one.result() for one in begun]


def _wait(begun: list[Future[Sent]]) -> None:
    try:
        wait_until("the senders", lambda: all(one.done() for one in begun), EVERY_S)
    except GaveUp:
        return


def _shares(cases: int, processes: int) -> list[int]:
    return [cases // processes + (number < cases % processes) for number in range(processes)]


def _is_through(collector: Collector, landed: Landed) -> bool:
    collector.watch()
    waits = any((collector.data / "journal").glob("*/*.sealed"))
    landed.look()
    return not waits and landed.rows >= collector.counted()


def _figures(collector: Collector, landed: Landed, every: list[Sent], seed: int) -> Fuzz:
    total, step = added(every), len(every)
    acked = [
        place * step + first
        for first, sent in enumerate(every)
        for place in range(len(sent.acked))
        if sent.acked[place]
    ]
    lost = sum(landed.good.get(number, 0) != 1 for number in acked)
    series = len([line for line in collector.metrics().splitlines() if line and not line.startswith("#")])
    return Fuzz(
        total.kinds.total(), seed, dict(sorted(total.kinds.items())), dict(sorted(total.statuses.items())),
        total.wrong["http 500"], total.wrong["lost neighbour"] + lost, total.wrong["invalid answer"],
        total.wrong["no answer"], len(acked), collector.counted(), landed.rows,
        landed.unprocessed + total.wrong["unprocessed"], len(collector.faults()), series,
        round(total.slowest_s * 1000), collector.rss,
    )  # fmt: skip


def write(folder: Path, number: int, one: Finding) -> None:
    """Keeps a found case: the request as it was sent, and beside it what came of it."""
    folder.mkdir(parents=True, exist_ok=True)
    stem = f"{number:02}-{one.what.replace(' ', '-')}-{one.kind}-{one.seed}"
    (folder / f"{stem}.http").write_bytes(one.request)
    (folder / f"{stem}.answer").write_bytes(b"%d\n%b" % (one.status, one.answer))
