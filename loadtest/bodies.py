"""The bodies that `bench` sends: the same events in every run, whenever it is made."""

import gzip
from collections.abc import Iterator, Sequence
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


def bodies(size: int) -> list[bytes]:
    """Batches of that many events one after the other, from the middle of the seeded history."""
    messages = islice(Shop().history(MOMENT), _FROM, None)
    return [body_of(list(islice(messages, size)), MOMENT) for _ in range(OF_A_SIZE)]


def write_bodies(folder: Path) -> dict[int, Path]:
    """A file for wrk for each size."""
    return {size: _write(folder / f"bodies-{size}", bodies(size)) for size in SIZES}


def write_zipped(folder: Path, number: int = ZIPPED_BODIES) -> Path:
    """Gzipped bodies, each with ids of its own: they cannot be renewed while they are sent."""
    fresh = islice(renewed(bodies(GZIPPED)), number)
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
