"""A run into a bucket or folder: files whose names tell what they hold, then the manifest that names them.

A file that is there already is not written again, so a run that was ended goes on where it stood. Who reads
by the manifest never sees half of a run, and two machines take turns: files that one puts are not cleared by
the other.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from hashlib import blake2b
from pathlib import Path
from typing import Final

import msgspec

from warehouse.errors import ObjectMissing, StoreRefused, StoreUnavailable
from warehouse.lake import Lake
from warehouse.landing import Store, open_store
from warehouse.publish import changes
from warehouse.publish.choice import Choice
from warehouse.publish.done import Done, Put
from warehouse.publish.errors import DestinationAway, DestinationRefused
from warehouse.publish.place import Place
from warehouse.publish.selecting import select
from warehouse.publish.tables import Table, named
from warehouse.publish.turns import FOLDER, Program, Turn, this_program
from warehouse.publish.written import write
from warehouse.statements import statement

MANIFEST: Final = "manifest.json"


class File(msgspec.Struct, frozen=True):
    """A part of a table: its object's key, and its rows."""

    table: str
    key: str
    rows: int


class Manifest(msgspec.Struct, frozen=True):
    """The files that belong together. `lake` is the data folder they come from."""

    lake: str
    snapshot: int
    complete_until: str | None
    published_at: str
    format: str
    files: list[File]


def publish(
    lake: Lake, place: Place, choice: Choice, owner: str, now: int, complete_until: int | None,
    program: Program | None = None,
) -> Done:  # fmt: skip
    """Bring the files of a bucket or folder to what `lake` reads in its transaction. `owner` names the data
    folder.

    DestinationAway where it does not answer, DestinationRefused where a person has to mend something.
    """
    try:
        store = open_store(place.text)
        _manifest(store, place, owner)  # what is not ours gets no turn either
        turn = Turn(store, place.text, program or this_program(), now)
        try:
            return _published(lake, store, place, choice, owner, now, complete_until, turn)
        finally:
            with suppress(StoreUnavailable, StoreRefused):
                turn.end()
    except StoreUnavailable as error:
        raise DestinationAway(_ours(error)) from None
    except StoreRefused as error:
        raise DestinationRefused(_ours(error)) from None


def _published(
    lake: Lake, store: Store, place: Place, choice: Choice, owner: str, now: int, complete_until: int | None,
    turn: Turn,
) -> Done:  # fmt: skip
    before = _manifest(store, place, owner)
    with tempfile.TemporaryDirectory(prefix="sojourn-publish-") as folder:
        run = _Run(lake, store, choice, now, Path(folder))
        files = [file for table in named(choice.tables) for file in run.table(table)]
    stand = changes.stand(lake)
    new = Manifest(owner, stand.version, _written(complete_until), _written(now) or "", choice.format, files)
    turn.require()
    store.replace(MANIFEST, msgspec.json.format(msgspec.json.encode(new), indent=2))
    _clear(store, {file.key for file in files})
    return Done(stand.version, complete_until, tuple(_puts(choice, files, before)))


class _Run:
    def __init__(self, lake: Lake, store: Store, choice: Choice, now: int, folder: Path) -> None:
        self._lake, self._store, self._choice, self._now, self._folder = lake, store, choice, now, folder

    def table(self, table: Table) -> Iterator[File]:
        """Its parts, those written that are not there yet."""
        sql = select(table, self._choice, self._now)
        part = f"strftime({table.month}, '%Y-%m')" if table.month else "'all'"
        kind = f"{self._choice.format} {self._choice.bom} {changes.columns(self._lake, sql)}"
        rows = self._lake.query(statement("publish/parts", now=sql, part=part))
        for name, count, fingerprint in rows or [("all", 0, "")]:
            digest = blake2b(f"{fingerprint} {count} {kind}".encode(), digest_size=8).hexdigest()
            key = f"{table.name}/{name}-{digest}.{self._choice.format}"
            if not self._store.exists(key):
                only = f"SELECT * FROM ({sql}) AS now WHERE {part} = '{name}' ORDER BY {', '.join(table.key)}"
                self._store.put_new(key, write(self._lake, only, self._choice, self._folder))
            yield File(table.name, key, count)


def _manifest(store: Store, place: Place, owner: str) -> Manifest | None:
    try:
        found = msgspec.json.decode(store.get(MANIFEST), type=Manifest)
    except ObjectMissing:
        if next(iter(store.list()), None) is not None and not _unfinished(store):
            raise DestinationRefused(
                f"{place} holds files that sojourn did not publish; name an empty folder or prefix"
            ) from None
        return None
    except msgspec.MsgspecError:
        raise DestinationRefused(
            f"{place} has a {MANIFEST} that sojourn did not write; name an empty folder or prefix"
        ) from None
    if found.lake != owner:
        raise DestinationRefused(f"{place} is published to from another data folder; name an empty one")
    return found


def _unfinished(store: Store) -> bool:
    """Whether all that is there was left by a first run that was ended."""
    return all(_is_ours(one.key) or one.key.startswith(FOLDER) for one in store.list())


def _is_ours(key: str) -> bool:
    from warehouse.publish.tables import TABLES

    table, _, rest = key.partition("/")
    return table in {one.name for one in TABLES} and rest.endswith((".parquet", ".csv"))


def _clear(store: Store, keys: set[str]) -> None:
    """What the manifest names no more goes at once: it may hold somebody who was erased."""
    for one in list(store.list()):
        if one.key not in keys and _is_ours(one.key):
            store.delete(one.key)


def _puts(choice: Choice, files: list[File], before: Manifest | None) -> Iterator[Put]:
    was = {file.key for file in before.files} if before else set()
    for name in choice.tables:
        own = [file for file in files if file.table == name]
        yield Put(name, sum(one.rows for one in own), sum(one.rows for one in own if one.key not in was))


def _written(at: int | None) -> str | None:
    return None if at is None else datetime.fromtimestamp(at / 1e6, UTC).isoformat()


def _ours(error: Exception) -> str:
    return str(error).replace("landing object", "file").replace("landing folder", "folder")
