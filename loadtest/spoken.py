"""`spoken`: how many events of each protocol a second of processor time takes in."""

import tempfile
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from statistics import median

import msgspec

from loadtest.sides import Door, check_cell
from loadtest.speech import EVENTS, SAMPLES
from sdk_contract.dialects import Dialect, Sent
from sdk_contract.dialects.known import BY_NAME
from sdk_contract.judging import judge
from warehouse.registry import Registry

_EVENT_LIMIT = 32 * 1024
_NO_KEY = "wk_1"
# To turn some away, as a door does where many wait on a busy machine, would be other work.
_PATIENT = {"SOJOURN_QUEUE_SECONDS": "600"}
_CONNECTIONS = 8
Report = Callable[[str], None]


class Speed(msgspec.Struct, frozen=True):
    """Events a second of processor time, by protocol, the median of the rounds; `share`: of Segment's."""

    per_cpu_s: dict[str, int]
    share: dict[str, float]


class Spoken(msgspec.Struct, frozen=True):
    """`read`: read, translated and judged, no more; `door`: all that the door does, from HTTP to the disk.

    `bytes`: of an event as it is sent.
    """

    batch: int
    bytes: dict[str, int]
    read: Speed
    door: Speed


def spoken(
    rounds: int,
    batches: int,
    seconds: float,
    clock: Callable[[], int],
    answers: Callable[[str], None],
    report: Report,
) -> Spoken:
    """Takes batches of each protocol in turns; a round is `batches` of each, and `seconds` at the door."""
    bodies = {name: sample(_NO_KEY) for name, sample in SAMPLES.items()}
    for name, sent in bodies.items():
        _require_good(BY_NAME[name], sent)
    report("reading, translating and judging")
    read = _speed(
        rounds, bodies, lambda name: EVENTS * batches / _cpu_s(BY_NAME[name], bodies[name], batches)
    )
    with tempfile.TemporaryDirectory(prefix="loadtest-spoken-") as folder:
        door = _at_the_door(Path(folder), rounds, seconds, clock, answers, report)
    return Spoken(EVENTS, {name: len(sent.body) // EVENTS for name, sent in bodies.items()}, read, door)


def _speed(rounds: int, names: Iterable[str], measure: Callable[[str], float]) -> Speed:
    found: Mapping[str, list[float]] = {name: [] for name in names}
    for _ in range(rounds):
        for name, measured in found.items():
            measured.append(measure(name))
    per_cpu_s = {name: median(one) for name, one in found.items()}
    share = {name: round(one / per_cpu_s["segment"], 2) for name, one in per_cpu_s.items()}
    return Speed({name: round(one) for name, one in per_cpu_s.items()}, share)


def _taken(dialect: Dialect, sent: Sent) -> list[str]:
    kind, body = sent.kind, sent.body
    if dialect.translate is not None:
        kind, body = "batch", dialect.translate(sent).body
    return judge(dialect.parse(kind, body), kind, "b", _EVENT_LIMIT).message_ids


def _require_good(dialect: Dialect, sent: Sent) -> None:
    body = sent.body if dialect.translate is None else dialect.translate(sent).body
    judged = judge(dialect.parse("batch", body), "batch", "b", _EVENT_LIMIT)
    if len(judged.message_ids) != EVENTS or judged.judgements:
        raise ValueError(f"{dialect.name}: the sample is not {EVENTS} good events")


def _cpu_s(dialect: Dialect, sent: Sent, batches: int) -> float:
    began = time.process_time()
    for _ in range(batches):
        _taken(dialect, sent)
    return time.process_time() - began


def _at_the_door(
    folder: Path,
    rounds: int,
    seconds: float,
    clock: Callable[[], int],
    answers: Callable[[str], None],
    report: Report,
) -> Speed:
    """One worker and its journal; the sink that makes Parquet of it is not counted."""
    (folder / "data").mkdir()
    registry = Registry.open(folder / "data" / "registry.sqlite", now=clock)
    key = registry.create_key("spoken").secret
    registry.close()
    door = Door(folder, variables=_PATIENT)
    with door.program:
        answers(door.url)
        door.program.require()

        def measure(name: str, for_s: float = seconds) -> float:
            sent, body = SAMPLES[name](key), folder / name
            body.write_bytes(sent.body)
            address = _address(BY_NAME[name], sent)
            cell = door.cell(body, ["Content-Type: text/plain"], for_s, address, _CONNECTIONS)
            check_cell(cell, name, door.program)
            per_cpu_s = cell.counted.answered * EVENTS / cell.cpu_s
            report(f"{name}: {per_cpu_s:,.0f} a CPU s")
            return per_cpu_s

        for name in SAMPLES:
            measure(name, 1.0)
        return _speed(rounds, SAMPLES, measure)


def _address(dialect: Dialect, sent: Sent) -> str:
    """Where only this protocol is spoken."""
    path = next(one.path for one in dialect.routes if (one.method, one.kind) == ("POST", sent.kind))
    return f"/{dialect.name}{path}?{sent.query.decode()}"
