"""Looks for known values in bytes: in files as they are, and in the values of Parquet files, unpacked."""

import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import msgspec
import pyarrow.parquet as pq
import re2

from loadtest.seeded import Needle, Person, spellings

_PATTERN_MEMORY: Final = 1 << 30
_OVERLAP: Final = 400
_ROWS: Final = 10_000


class Leak(msgspec.Struct, frozen=True):
    """A value that was found, and where first."""

    needle: Needle
    place: str


class Search:
    """Every spelling of every value of these people. Counts the bytes it saw; each leak once a place."""

    def __init__(self, people: Iterable[Person]) -> None:
        self._needles = {
            _folded(spelling): Needle(person.case, kind, value)
            for person in people
            for kind, value in person.values()
            for spelling in spellings(kind, value)
        }
        options = re2.Options()
        options.encoding = re2.Options.Encoding.LATIN1
        options.case_sensitive = False
        options.max_mem = _PATTERN_MEMORY
        self._pattern = re2.compile(b"|".join(map(_escaped, self._needles)), options=options)
        self.bytes = 0
        self.leaks: dict[Leak, None] = {}

    def needles_in(self, data: bytes) -> set[Needle]:
        """The values that stand in a text. Case does not count."""
        return {self._needles[_folded(found[0])] for found in self._pattern.finditer(data)}

    def look(self, place: str, data: bytes) -> None:
        """Search one text, and remember what was found there."""
        self.bytes += len(data)
        for needle in self.needles_in(data):
            self.leaks[Leak(needle, place)] = None

    def look_at(self, path: Path, name: str) -> None:
        """Search a file as it is, and where it is Parquet, its values column by column."""
        self.look(name, path.read_bytes())
        if path.suffix == ".parquet":
            with pq.ParquetFile(path) as file:
                for batch in file.iter_batches(_ROWS):
                    for column in batch.schema.names:
                        self.look(f"{name}, column {column}", _text(batch.column(column).to_pylist()))

    def found(self) -> set[Needle]:
        return {leak.needle for leak in self.leaks}


def _folded(text: bytes) -> str:
    return text.decode("latin-1").lower()


def _escaped(text: str) -> bytes:
    escaped: bytes = re2.escape(text.encode("latin-1"))
    return escaped


def _text(values: list[Any]) -> bytes:
    return "\n".join(str(value) for value in values if value is not None).encode("utf-8", "surrogatepass")


class Watch:
    """Reads files that come, grow and go, in a thread of its own: a journal, before it is trimmed.

    Use it as a context manager.
    """

    def __init__(self, folder: Path, search: Search, every_s: float = 0.05) -> None:
        self._folder, self._search, self._every_s = folder, search, every_s
        self._seen: dict[Path, int] = {}
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    @property
    def files(self) -> int:
        return len(self._seen)

    def __enter__(self) -> "Watch":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._over.wait(self._every_s):
            self.look()

    def look(self) -> None:
        """One round: what is new since the last one."""
        for path in sorted(self._folder.rglob("*")):
            try:
                data = path.read_bytes() if path.is_file() else b""
            except FileNotFoundError:
                continue
            # A segment keeps its number when it is sealed; its room is reserved, so its size says nothing.
            seen = self._seen.get(path, 0)
            filled = len(data.rstrip(b"\0"))
            if filled > seen:
                self._search.look(f"journal/{path.name}", data[max(0, seen - _OVERLAP) : filled])
                self._seen[path] = filled
