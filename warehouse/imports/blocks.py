"""A file's rows in blocks, always the same ones: CSV, Parquet, JSON lines."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, Protocol

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from warehouse.imports.encodings import encoding_of
from warehouse.imports.errors import BadImport
from warehouse.imports.separated import read_separated, separator_of

BLOCK_ROWS: Final = 20_000
FORMATS: Final = {
    ".csv": "csv", ".tsv": "csv", ".txt": "csv", ".parquet": "parquet", ".jsonl": "json", ".ndjson": "json",
    ".json": "json",
}  # fmt: skip
_SAMPLE: Final = 1_000


class Bad(msgspec.Struct, frozen=True):
    """A row that cannot be read: its text as far as it can be shown, and what would do."""

    row: int
    text: str
    expected: str


class Block(msgspec.Struct, frozen=True):
    """Rows of a file: `rows` numbers them as a spreadsheet does (a header is row 1), `columns` hold their
    cells; `bad` are those that cannot be read.
    """

    number: int
    rows: list[int]
    columns: dict[str, list[Any]]
    bad: list[Bad] = []


class Table(Protocol):
    """Rows that can be read again and again, always in the same blocks."""

    @property
    def encoding(self) -> str | None: ...
    @property
    def delimiter(self) -> str | None: ...
    @property
    def columns(self) -> list[str]: ...
    @property
    def digest(self) -> str: ...
    def blocks(self, first: int = 0) -> Iterator[Block]: ...
    def sample(self) -> dict[str, list[Any]]: ...


class Source(msgspec.Struct, frozen=True):
    """A file to be imported: how it is read, and what it holds (`digest`)."""

    path: Path
    format: str
    encoding: str | None
    delimiter: str | None
    columns: list[str]
    bytes: int
    digest: str

    def blocks(self, first: int = 0) -> Iterator[Block]:
        """The blocks from number `first` on. BadImport where the file cannot be read on."""
        for block in self._blocks():
            if block.number >= first:
                yield block

    def sample(self) -> dict[str, list[Any]]:
        """The first values of each column."""
        block = next(self.blocks(), None)
        return {} if block is None else {name: one[:_SAMPLE] for name, one in block.columns.items()}

    def _blocks(self) -> Iterator[Block]:
        if self.format == "csv":
            assert self.encoding is not None
            assert self.delimiter is not None
            for number, part in enumerate(
                read_separated(self.path, self.encoding, self.delimiter, self.columns)
            ):
                bad = [Bad(row, text, f"{len(self.columns)} fields") for row, text in part.bad]
                yield Block(number, part.rows, part.columns, bad)
        elif self.format == "json":
            yield from _json_blocks(self.path, self.encoding or "utf-8")
        else:
            yield from _parquet_blocks(self.path)


def open_source(path: Path, encoding: str | None = None, delimiter: str | None = None) -> Source:
    """What a file is, by its name and its bytes. BadImport for what cannot be imported."""
    format = FORMATS.get(path.suffix.lower())
    if format is None:
        raise BadImport(f"{path}: {path.suffix or 'no ending'} is not known; {', '.join(FORMATS)} would do")
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        found = None if format == "parquet" else encoding_of(path, encoding)
        if format == "csv":
            assert found is not None
            delimiter, columns = separator_of(path, found, delimiter)
        else:
            columns = _columns(path, format, found)
    except (OSError, pa.ArrowException) as error:
        raise BadImport(f"cannot read {path}: {str(error).splitlines()[0]}") from None
    return Source(path, format, found, delimiter, columns, size, digest)


def _columns(path: Path, format: str, encoding: str | None) -> list[str]:
    if format == "parquet":
        with pq.ParquetFile(path) as file:
            return list(file.schema_arrow.names)
    first = next(_json_blocks(path, encoding or "utf-8"), None)
    return [] if first is None else list(first.columns)


def _parquet_blocks(path: Path) -> Iterator[Block]:
    done = 0
    try:
        with pq.ParquetFile(path) as file:
            for number, batch in enumerate(file.iter_batches(BLOCK_ROWS, use_threads=False)):
                rows = list(range(done + 1, done + 1 + batch.num_rows))
                done += batch.num_rows
                yield Block(number, rows, batch.to_pydict())
    except (pa.ArrowException, OSError) as error:
        raise BadImport(f"cannot read {path} after row {done}: {str(error).splitlines()[0]}") from None


def _json_blocks(path: Path, encoding: str) -> Iterator[Block]:
    number, found, bad = 0, dict[int, dict[str, Any]](), list[Bad]()
    with path.open(encoding=encoding) as file:
        for row, line in enumerate(file, 1):
            if not line.strip():
                continue
            value = _object(line)
            if value is None:
                bad.append(Bad(row, line.strip(), "one JSON object a line"))
            else:
                found[row] = value
            if len(found) + len(bad) >= BLOCK_ROWS:
                yield _of_objects(number, found, bad)
                number, found, bad = number + 1, {}, []
    if found or bad:
        yield _of_objects(number, found, bad)


def _object(line: str) -> dict[str, Any] | None:
    try:
        value = msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _of_objects(number: int, found: dict[int, dict[str, Any]], bad: list[Bad]) -> Block:
    names = dict.fromkeys(name for one in found.values() for name in one)
    columns = {name: [one.get(name) for one in found.values()] for name in names}
    return Block(number, list(found), columns, bad)
