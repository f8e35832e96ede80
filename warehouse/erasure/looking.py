"""Looks for people in everything that is kept: rows of landing, files of the lake, bytes of any other file.

What was found clean and cannot change is not read twice. Files that SQLite has open are read in a program
that has no SQLite open itself: closing such a file would take away SQLite's locks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Final

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from sdk_contract.privacy import KeyGone, Vault
from sdk_contract.privacy.errors import BadToken
from warehouse.arrivals import is_object
from warehouse.erasure.needles import Mask, whole
from warehouse.erasure.people import ERASE, NAMING, PSEUDONYMISE, People, named_in
from warehouse.erasure.treatment import TEXTS, mentions
from warehouse.errors import ObjectMissing
from warehouse.landing import SCHEMA, Store
from warehouse.parquet import read_rows
from warehouse.refused import opened

_CHUNK: Final = 4 << 20
_OVERLAP: Final = 1 << 12

Progress = Callable[[int, int], None]


class Rows(msgspec.Struct, frozen=True):
    """Rows of one landing object, by number: of people to be erased, of people who get a pseudonym, and rows
    of others in which somebody is mentioned.
    """

    erase: list[int] = []
    pseudonymise: list[int] = []
    clear: list[int] = []

    def __len__(self) -> int:
        return len(self.erase) + len(self.pseudonymise) + len(self.clear)


class Looked(msgspec.Struct):
    """What was found: rows by landing object, and files (or places) that hold an id. `clean` are the landing
    objects and lake files that hold nothing, `read` counts what was read.
    """

    landing: dict[str, Rows] = {}
    files: list[str] = []
    clean: list[str] = []
    read: int = 0
    bytes: int = 0


class Look:
    """One look. `firsts` has the first load_seq of landing objects that are loaded, `clean` what need not be
    read.
    """

    def __init__(
        self,
        people: People,
        vault: Vault,
        *,
        firsts: dict[str, int] | None = None,
        clean: Iterable[str] = (),
        progress: Progress = lambda done, all: None,
    ) -> None:
        self._people, self._vault, self._firsts = people, vault, firsts or {}
        self._known, self._progress = frozenset(clean), progress
        self._keys = sorted({key for person in people.all for key in person.subject.keys})
        self.found = Looked()

    def at_landing(self, store: Store) -> None:
        """Every row of every object, and the bytes of what is there beside objects."""
        keys = [info.key for info in store.list()]
        for number, key in enumerate(keys):
            if f"landing/{key}" not in self._known:
                self._object(store, key)
            self._progress(number + 1, len(keys))

    def at_files(self, root: Path, leave_out: Iterable[Path] = ()) -> None:
        """Every file below a folder: its bytes, and where it is Parquet, its values."""
        out = frozenset(leave_out)
        files = [path for path in _files(root) if out.isdisjoint((path, *path.parents))]
        for number, path in enumerate(files):
            if str(path) not in self._known:
                self._file(path)
            self._progress(number + 1, len(files))

    def at_texts(self, place: str, texts: Iterable[str]) -> None:
        """Texts of another place, such as a table."""
        if any(self._stands_in(text.encode("utf-8", "surrogatepass")) for text in texts):
            self.found.files.append(place)

    def _object(self, store: Store, key: str) -> None:
        try:
            data = store.get(key)
        except ObjectMissing:
            return
        rows = _rows(data) if is_object(key) else None
        found = Rows() if rows is None else self._of(rows, self._firsts.get(key))
        if found:
            self.found.landing[key] = found
        elif self._stands_in(data):
            self.found.files.append(f"landing/{key}")
        elif rows is not None:
            self.found.clean.append(f"landing/{key}")
        self.found.read += 1

    def _of(self, rows: pa.Table, first: int | None) -> Rows:
        erase = self._people.theirs(ERASE, rows, first)
        pseudonymise = self._people.theirs(PSEUDONYMISE, rows, first) & ~erase
        mentioned = mentions(rows, self._people.needles) & ~pseudonymise
        refused = ~whole(_array(rows, "verdict"), ("ok", "warning"))
        erase |= (mentioned & refused) | self._refused(rows, refused)
        return Rows(_numbers(erase), _numbers(pseudonymise), _numbers(mentioned & ~erase))

    def _refused(self, rows: pa.Table, refused: Mask) -> Mask:
        """Refused rows whose bytes, opened where they are encrypted, name somebody."""
        found = np.zeros(rows.num_rows, bool)
        at = np.flatnonzero(refused)
        some = rows.select(["project", "raw"]).take(pa.array(at))
        for number, project, raw in zip(at, *(column.to_pylist() for column in some.columns), strict=True):
            sent = b"" if raw is None else self._opened(raw)
            ids = named_in(sent) & self._people.values(project)
            found[number] = bool(ids) or self._people.needles.stand_in(sent)
        return found

    def _opened(self, raw: str) -> bytes:
        """What nobody can open any more holds nothing."""
        try:
            return opened(raw, self._vault)
        except (KeyGone, BadToken):
            return b""

    def _file(self, path: Path) -> None:
        try:
            held = any(map(self._stands_in, _pieces(path)))
            held = held or (path.suffix == ".parquet" and self._in_values(path))
        except FileNotFoundError:
            return
        self.found.read += 1
        if held:
            self.found.files.append(str(path))
        elif path.suffix == ".parquet":
            self.found.clean.append(str(path))

    def _stands_in(self, data: bytes) -> bool:
        self.found.bytes += len(data)
        return self._people.needles.stand_in(data)

    def _in_values(self, path: Path) -> bool:
        try:
            with pq.ParquetFile(path) as file:
                texts = [at.name for at in file.schema_arrow if pa.types.is_string(at.type)]
            with pq.ParquetFile(path, read_dictionary=texts) as file:
                groups = (
                    file.read_row_group(number, use_threads=False) for number in range(file.num_row_groups)
                )
                return any(self._in_rows(rows) for rows in groups)
        except pa.ArrowException:
            return False  # torn: its bytes were searched, and its values are in no table

    def _in_rows(self, rows: pa.Table) -> bool:
        for name in rows.column_names:
            for chunk in rows.column(name).chunks:
                if self._in_column(name, chunk):
                    return True
        names = {*NAMING, "project", "message_id"} <= set(rows.column_names)
        return names and any(self._people.theirs(mode, rows, None).any() for mode in (ERASE, PSEUDONYMISE))

    def _in_column(self, name: str, chunk: pa.Array) -> bool:
        if pa.types.is_int64(chunk.type) and name.endswith("_key"):
            return bool(np.isin(chunk.to_numpy(zero_copy_only=False), self._keys).any())
        is_text = pa.types.is_string(chunk.type) or pa.types.is_dictionary(chunk.type)
        return is_text and bool(self._people.needles.rows(chunk).any())


def _rows(data: bytes) -> pa.Table | None:
    """The rows of a landing object; None where it cannot be read: nothing of it is in a table."""
    try:
        found = read_rows(data, dictionaries=TEXTS)
    except (pa.ArrowException, OSError):
        return None
    for field in SCHEMA:
        if field.name not in found.column_names:
            found = found.append_column(field, pa.nulls(found.num_rows, field.type))
    return found


def _array(rows: pa.Table, name: str) -> pa.Array:
    column = rows.column(name)
    return column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)


def _numbers(which: Mask) -> list[int]:
    found: list[int] = np.flatnonzero(which).tolist()
    return found


def _files(root: Path) -> Iterator[Path]:
    return (path for path in sorted(root.rglob("*")) if path.is_file())


def _pieces(path: Path) -> Iterator[bytes]:
    """The file's bytes in pieces that overlap by more than any id is long."""
    with path.open("rb") as file:
        kept = b""
        while data := file.read(_CHUNK):
            yield kept + data
            kept = data[-_OVERLAP:]
