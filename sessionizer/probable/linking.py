"""Records in files, compared like customers: within one file, or between two."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import duckdb
import msgspec
import pyarrow as pa
from pyarrow import compute, csv, parquet

from sessionizer.errors import BadRecords
from sessionizer.probable.matching import match
from sessionizer.probable.model import Model, train
from sessionizer.probable.people import SAID, workshop
from warehouse.parquet import read_rows


class LinkReport(msgspec.Struct, frozen=True):
    """How many records were compared, and how many pairs are at least as likely one person as two."""

    records: int
    pairs: int
    model: str
    matches: int


def link(
    paths: Sequence[Path],
    out: Path,
    *,
    model: Path | None = None,
    save_model: Path | None = None,
    threads: int,
    memory: str,
    progress: Callable[[str], None],
) -> LinkReport:
    """Write the pairs found to `out` (.csv or .parquet): left, right, confidence, weight, agreed.

    `model` is one that `save_model` wrote; without one it is learned from these records. BadRecords.
    """
    progress("records")
    files = [_read(path) for path in paths]
    names = pa.concat_tables([pa.table({"id": file["id"].cast(pa.string())}) for file in files])["id"]
    said = _numbered(files)
    with workshop(said, threads, memory) as con:
        tables = _parts(con, [len(file) for file in files])
        progress("learning")
        found = train(con, tables) if model is None else _load(model)
        progress("comparing")
        pairs = match(con, found, tables)
    _write(out, _named(pairs, names))
    if save_model is not None:
        save_model.write_bytes(msgspec.json.encode(found))
    return LinkReport(len(said), len(pairs), found.version, found.matches)


def _read(path: Path) -> pa.Table:
    """A file's records, with the columns of SAID that it has, as texts."""
    try:
        table = read_rows(path.read_bytes()) if path.suffix == ".parquet" else csv.read_csv(path)
    except (OSError, pa.ArrowInvalid) as error:
        raise BadRecords(f"cannot read {path}: {str(error).splitlines()[0]}") from error
    table = table.rename_columns([name.strip() for name in table.column_names])
    if "id" not in table.column_names or not set(SAID.names[1:]) & set(table.column_names):
        raise BadRecords(
            f"{path} has the columns {', '.join(table.column_names)};"
            f" it needs id, and some of {', '.join(SAID.names[1:])}"
        )
    if compute.count_distinct(table["id"], mode="all").as_py() < len(table):
        raise BadRecords(f"{path}: values of the column id repeat; each record needs one of its own")
    return table


def _numbered(files: Sequence[pa.Table]) -> pa.Table:
    """All records under each other, in the form of SAID, numbered from 0 on."""
    whole = pa.concat_tables([_shaped(file) for file in files])
    return whole.set_column(0, "id", pa.array(range(len(whole)), pa.int64()))


def _shaped(file: pa.Table) -> pa.Table:
    columns = [
        file[name].cast(kind) if name != "id" and name in file.column_names else pa.nulls(len(file), kind)
        for name, kind in zip(SAID.names, SAID.types, strict=True)
    ]
    return pa.table(columns, schema=SAID)


def _parts(con: duckdb.DuckDBPyConnection, sizes: Sequence[int]) -> tuple[str, ...]:
    if len(sizes) < 2:
        return ("candidates",)
    con.execute(f"CREATE TEMP TABLE ours AS FROM candidates WHERE id < {sizes[0]}")
    con.execute(f"CREATE TEMP TABLE theirs AS FROM candidates WHERE id >= {sizes[0]}")
    return ("ours", "theirs")


def _load(path: Path) -> Model:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Model)
    except (OSError, msgspec.MsgspecError) as error:
        raise BadRecords(f"model {path}: {' '.join(str(error).split())}") from error


def _named(pairs: pa.Table, names: pa.ChunkedArray) -> pa.Table:
    columns: dict[str, Any] = {name: pairs[name] for name in pairs.column_names}
    for end in ("left", "right"):
        columns[end] = names.take(pairs[end])
    return pa.table(columns)


def _write(out: Path, table: pa.Table) -> None:
    if out.suffix == ".parquet":
        parquet.write_table(table, out)
    else:
        csv.write_csv(table, out)
