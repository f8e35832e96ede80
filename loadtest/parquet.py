"""What a journal costs on its way to Parquet: ready-made segments, published by one `sojourn recover`."""

import resource
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Final

from loadtest.bodies import bodies, renewed
from loadtest.processes import run, sojourn
from warehouse.segments import (
    Footer,
    Head,
    Place,
    RecordHead,
    Tally,
    encode_footer,
    encode_head,
    encode_record,
)

SEGMENT: Final = 8 << 20
FEW: Final = 1
_WORKER: Final = "bench-w0"
_HOUR_US: Final = 3_600_000_000
_SIZE: Final = 50


def journal_to_parquet(folder: Path, segments: int, rounds: int, now: int) -> int:
    """Events per CPU second: what many segments cost more than a few, so that starting costs nothing."""
    rates = []
    for number in range(rounds):
        (few, fewer_s), (many, more_s) = (
            _published(folder / f"{number}-{size}", size, now) for size in (FEW, FEW + segments)
        )
        rates.append((many - few) / (more_s - fewer_s))
    return round(median(rates))


def _published(folder: Path, segments: int, now: int) -> tuple[int, float]:
    events = write_journal(folder / "dead", segments, now)
    before = _children_s()
    run(
        [*sojourn("recover"), str(folder / "dead"), "--data", str(folder / "data"), "--json"],
        {},
        within_s=300,
    )
    return events, _children_s() - before


def _children_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def write_journal(folder: Path, segments: int, now: int) -> int:
    """Sealed segments of a worker that is gone, as large as the door makes them; how many events."""
    place = folder / "journal" / _WORKER
    place.mkdir(parents=True)
    fresh, epoch, events = renewed(bodies(_SIZE, now)), now // 1000, 0
    for number in range(1, segments + 1):
        text, held = _segment(fresh, epoch, number, now)
        (place / f"{epoch:013d}-{number:08d}.sealed").write_bytes(text)
        events += held
    return events


def _segment(fresh: Iterator[bytes], epoch: int, number: int, now: int) -> tuple[bytes, int]:
    pieces, size, events = [encode_head(Head("bench", _WORKER, epoch, number, now))], 0, 0
    while size < SEGMENT:
        body = next(islice(fresh, 1))
        pieces.append(encode_record(_head(now, f"{epoch}-{number}-{events}"), body, events, _SIZE))
        size, events = size + len(pieces[-1]), events + _SIZE
    pieces.append(encode_footer(Footer([Tally(1, now // _HOUR_US, events)]), events))
    return b"".join(pieces), events


def _head(now: int, batch_id: str) -> RecordHead:
    return RecordHead(
        now, 1, "bench", "bench", "segment", "batch", "203.0.113.0", None, None, batch_id, place=Place("DE")
    )
