"""One look at everything that is kept: landing, every file of the data folder, tables of the databases."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, suppress
from pathlib import Path

from sdk_contract.privacy import Vault
from warehouse.catalogs import catalog_of
from warehouse.erasure.looking import Look, Looked, Progress
from warehouse.erasure.people import People
from warehouse.landing import Store
from warehouse.settings import WarehouseSettings


def look_everywhere(
    settings: WarehouseSettings,
    store: Store,
    people: People,
    vault: Vault,
    *,
    firsts: dict[str, int] | None = None,
    clean: Iterable[str] = (),
    progress: Progress = lambda done, all: None,
) -> Looked:
    """Call it in a program that has neither the lake nor the registry open."""
    look = Look(people, vault, firsts=firsts, clean=clean, progress=progress)
    look.at_landing(store)
    look.at_files(settings.folders.root.absolute(), _objects(store))
    for place, texts in _tables(settings):
        look.at_texts(place, texts)
    return look.found


def _objects(store: Store) -> list[Path]:
    """Files that were read as landing objects already."""
    paths = (store.local_path(info.key) for info in store.list())
    return [path.absolute() for path in paths if path is not None]


def _tables(settings: WarehouseSettings) -> Iterator[tuple[str, Iterator[str]]]:
    """Place and texts of every table: a long text lies in a file in pieces."""
    for path in (settings.folders.registry, settings.folders.catalog):
        if path.is_file():
            with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as con:
                con.text_factory = bytes
                for (name,) in con.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall():
                    yield f"{path.name}, table {name.decode()}", _texts(con, name.decode())
    with closing(catalog_of(settings)) as catalog:
        for name, texts in catalog.texts():
            yield f"{catalog.place}, table {name}", texts


def _texts(con: sqlite3.Connection, table: str) -> Iterator[str]:
    with suppress(sqlite3.OperationalError):  # dropped a moment ago
        for row in con.execute(f'SELECT * FROM "{table}"'):
            for cell in row:
                if cell is not None:
                    yield cell.decode("utf-8", "replace") if isinstance(cell, bytes) else str(cell)
