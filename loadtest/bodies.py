"""The bodies that `bench` sends: the same events in every run, which happened just before they are sent."""

import gzip
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Final

from loadtest.traffic import Shop
from loadtest.wrk import MARKER, body_of, packed

SIZES: Final = (1, 20, 50)
GZIPPED: Final = 20
# A moment of its own: what is in the events, addresses for one, decides what they cost.
MOMENT: Final = 1_795_300_000_000_000
OF_A_SIZE: Final = 16
# More ids than the door remembers, so that none of them comes twice within what it knows.
ZIPPED_BODIES: Final = 7_000
_FROM: Final = 5_000
_TIME: Final = re.compile(rb'"(timestamp|sentAt)":"([^"]+)"')
_ISO: Final = "%Y-%m-%dT%H:%M:%S.%f"


def bodies(size: int, now: int) -> list[bytes]:
    """Batches of that many events one after the other, from the middle of the seeded history.

    They are sent at `now`, µs UTC, by clocks that are right, as most are: clocks that are not cost more.
    """
    later = timedelta(microseconds=now - MOMENT)

    def moved(found: re.Match[bytes]) -> bytes:
        moment = datetime.fromisoformat(found[2].decode()) + later
        return b'"%b":"%b"' % (found[1], moment.astimezone(UTC).strftime(_ISO).encode()[:23] + b"Z")

    return [_TIME.sub(moved, body) for body in _of_size(size)]


@cache
def _of_size(size: int) -> list[bytes]:
    messages = islice(Shop().history(MOMENT), _FROM, None)
    return [body_of(list(islice(messages, size)), MOMENT) for _ in range(OF_A_SIZE)]


def write_bodies(folder: Path, size: int, now: int) -> Path:
    """A file for wrk."""
    return _write(folder / f"bodies-{size}", bodies(size, now))


def write_zipped(folder: Path, now: int, number: int = ZIPPED_BODIES) -> Path:
    """Gzipped bodies, each with ids of its own: they cannot be renewed while they are sent."""
    fresh = islice(renewed(bodies(GZIPPED, now)), number)
    return _write(folder / "bodies-gzipped", [gzip.compress(body, 6, mtime=0) for body in fresh])


def renewed(templates: Sequence[bytes]) -> Iterator[bytes]:
    """The bodies in turn and for ever, every message id fresh."""
    split = [template.split(MARKER) for template in templates]
    number = 0
    while True:
        yield (b"%0*d" % (len(MARKER), number)).join(split[number % len(split)])
        number += 1


def _write(path: Path, texts: Sequence[bytes]) -> Path:
    path.write_bytes(packed(texts))
    return path
