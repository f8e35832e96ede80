"""A copy of one schema of PostgreSQL in a zip file: its tables as COPY writes them, and how they are made."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import msgspec

from warehouse.catalogs.session import Session
from warehouse.durable import sync
from warehouse.errors import BadBackup

_TABLES = "tables.json"


class Table(msgspec.Struct, frozen=True):
    """One table: the columns and constraints between the brackets of CREATE TABLE."""

    name: str
    parts: list[str]


def write(session: Session, schema: str, target: Path) -> int:
    """Write all tables as of one moment; returns the file's bytes."""
    session.run("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
    try:
        tables = list(_tables(session, schema))
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as out:
            out.writestr(_TABLES, msgspec.json.encode(tables))
            for table in tables:
                with out.open(f"{table.name}.copy", "w", force_zip64=True) as into:
                    session.run(f'COPY "{schema}"."{table.name}" TO STDOUT', stream=into)
    finally:
        session.run("ROLLBACK")
    sync(target)
    return target.stat().st_size


def texts(session: Session, schema: str) -> Iterator[tuple[str, Iterator[str]]]:
    """Name and rows (as COPY writes them) of every table."""
    for _, name in session.run(_NAMES, schema=schema):
        rows = BytesIO()
        session.run(f'COPY "{schema}"."{name}" TO STDOUT', stream=rows)
        yield str(name), iter([rows.getvalue().decode("utf-8", "replace")])


def is_whole(path: Path) -> bool:
    """Whether everything in the file has the checksum it was written with."""
    try:
        with zipfile.ZipFile(path) as file:
            return _TABLES in file.namelist() and file.testzip() is None
    except (OSError, zipfile.BadZipFile):
        return False


def put_back(session: Session, schema: str, comment: str, source: Path) -> None:
    """Make the schema anew from a copy, in one transaction."""
    session.run("BEGIN")
    try:
        session.run(f'DROP SCHEMA IF EXISTS "{schema}" CASCADE')
        session.run(f'CREATE SCHEMA "{schema}"')
        session.run(f"COMMENT ON SCHEMA \"{schema}\" IS '{comment}'")
        with zipfile.ZipFile(source) as file:
            for table in _listed(file):
                session.run(f'CREATE TABLE "{schema}"."{table.name}" ({", ".join(table.parts)})')
                with file.open(f"{table.name}.copy") as rows:
                    session.run(f'COPY "{schema}"."{table.name}" FROM STDIN', stream=rows)
        session.run("COMMIT")
    except BaseException:
        session.close()
        raise


def _listed(file: zipfile.ZipFile) -> list[Table]:
    try:
        return msgspec.json.decode(file.read(_TABLES), type=list[Table])
    except (KeyError, msgspec.DecodeError) as error:
        raise BadBackup(f"{file.filename} has no list of its tables: {error}") from None


def _tables(session: Session, schema: str) -> Iterator[Table]:
    for number, name in session.run(_NAMES, schema=schema):
        columns = session.run(_COLUMNS, table=number)
        parts = [f'"{column}" {kind}{" NOT NULL" if needed else ""}' for column, kind, needed in columns]
        constraints = [str(text) for (text,) in session.run(_CONSTRAINTS, table=number)]
        yield Table(str(name), parts + constraints)


_NAMES = """
    SELECT pg_class.oid::bigint, relname FROM pg_class
    JOIN pg_namespace ON pg_namespace.oid = relnamespace
    WHERE nspname = :schema AND relkind = 'r' ORDER BY relname"""
_COLUMNS = """
    SELECT attname, format_type(atttypid, atttypmod), attnotnull FROM pg_attribute
    WHERE attrelid = CAST(:table AS oid) AND attnum > 0 AND NOT attisdropped ORDER BY attnum"""
_CONSTRAINTS = """
    SELECT pg_get_constraintdef(oid) FROM pg_constraint
    WHERE conrelid = CAST(:table AS oid) AND contype IN ('p', 'u') ORDER BY conname"""
