"""Which rows were imported, and what they said: a file beside the registry, by hashes alone.

It follows from what is in the lake: one that is lost is made again from message ids.
"""

from __future__ import annotations

import sqlite3
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable, Sequence
from operator import itemgetter
from pathlib import Path
from typing import Final, NamedTuple, Self

import msgspec

from warehouse.imports.counts import Counts
from warehouse.imports.drafts import CONTENT_BYTES, KEY_BYTES
from warehouse.imports.errors import BadImport
from warehouse.imports.orders import KEPT, mark_of

_ROWS: Final = """
    CREATE TABLE IF NOT EXISTS rows (
        key BLOB PRIMARY KEY, content BLOB NOT NULL, revision INTEGER NOT NULL, told INTEGER NOT NULL
    ) WITHOUT ROWID"""
_PROGRESS: Final = """
    CREATE TABLE IF NOT EXISTS progress (
        run INTEGER PRIMARY KEY, next INTEGER NOT NULL, counts TEXT NOT NULL
    )"""
_PUT: Final = f"""
    INSERT INTO rows VALUES (?1, ?2, ?3, iif(?4 = {KEPT}, 0, ?4)) ON CONFLICT (key) DO UPDATE SET
        content = CASE WHEN excluded.revision >= revision THEN excluded.content ELSE content END,
        told = iif(?4 = {KEPT}, told, ?4), revision = max(revision, excluded.revision)"""
_PREFIX: Final = "im-"
_AT_ONCE: Final = 500


class Known(NamedTuple):
    """What is known of a row: what it said last, how often it said something else, and whether an event of
    it was taken and counts (NEVER, COUNTS or APART).
    """

    content: bytes
    revision: int
    mark: int


Entry = tuple[bytes, bytes, int, int]


class RowIndex:
    """One connection; the running import writes, those who judge for it read."""

    def __init__(self, con: sqlite3.Connection) -> None:
        self._con = con

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open or create the file. BadImport where that cannot be done."""
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            con = sqlite3.connect(path, timeout=30, isolation_level=None)
            con.execute("PRAGMA journal_mode = WAL")
            con.execute("PRAGMA synchronous = FULL")
            con.execute("PRAGMA cache_size = -65536")
            for statement in (_ROWS, _PROGRESS):
                con.execute(statement)
        except (OSError, sqlite3.Error) as error:
            raise BadImport(f"cannot open {path}: {error}; its folder must be writable") from error
        return cls(con)

    def close(self) -> None:
        self._con.close()

    def known(self, keys: Sequence[bytes]) -> dict[bytes, Known]:
        """What is known of these rows."""
        found: dict[bytes, Known] = {}
        for begin in range(0, len(keys), _AT_ONCE):
            some = keys[begin : begin + _AT_ONCE]
            marks = ", ".join("?" * len(some))
            sql = f"SELECT key, content, revision, told FROM rows WHERE key IN ({marks})"
            for key, content, revision, told in self._con.execute(sql, some):
                found[key] = Known(content, revision, told)
        return found

    def put(self, entries: Iterable[Entry], run: int, next: int, counts: str) -> None:
        """Enter what a block said, the older first where several are of one row; that the run goes on with
        block `next`; and the counts so far (JSON).
        """
        self._con.execute("BEGIN IMMEDIATE")
        self._con.executemany(_PUT, sorted(entries, key=itemgetter(0)))
        self._con.execute("INSERT OR REPLACE INTO progress VALUES (?, ?, ?)", (run, next, counts))
        self._con.execute("COMMIT")

    def next(self, run: int) -> int:
        """The block with which a run goes on."""
        found = self._con.execute("SELECT next FROM progress WHERE run = ?", (run,)).fetchone()
        return int(found[0]) if found else 0

    def counts(self, run: int) -> Counts:
        """What a run counted so far."""
        found = self._con.execute("SELECT counts FROM progress WHERE run = ?", (run,)).fetchone()
        return msgspec.json.decode(found[0], type=Counts) if found else Counts()

    def __len__(self) -> int:
        return int(self._con.execute("SELECT count(*) FROM rows").fetchone()[0])


def message_id(entry: Entry) -> str:
    """The message id of a row's event; the same row saying the same again gives the same."""
    return f"{_PREFIX}{_text(entry[0])}-{_text(entry[1])}-{entry[2]}"


def entry_of(message_id: str, event: str | None, *, taken: bool) -> Entry | None:
    """The entry that a message id was made of; None for one that is not of an import."""
    parts = message_id.removeprefix(_PREFIX)
    size = (KEY_BYTES * 8 + 5) // 6
    key, revision = parts[:size], parts.rpartition("-")[2]
    content = parts[size + 1 : len(parts) - len(revision) - 1]
    if not message_id.startswith(_PREFIX) or not revision.isdecimal():
        return None
    try:
        found = _bytes(key), _bytes(content)
    except ValueError:
        return None
    if (len(found[0]), len(found[1])) != (KEY_BYTES, CONTENT_BYTES):
        return None
    return (*found, int(revision), mark_of(event, int(revision), taken=taken))


def _text(value: bytes) -> str:
    return urlsafe_b64encode(value).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
