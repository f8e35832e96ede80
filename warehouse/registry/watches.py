"""What is watched: definitions by version, and how far each was judged."""

from __future__ import annotations

import msgspec

from warehouse.errors import RegistryError
from warehouse.registry.database import Database

SCRIPT = """
    CREATE TABLE watches (
        project TEXT NOT NULL, name TEXT NOT NULL, number INTEGER NOT NULL, text TEXT NOT NULL,
        published_at INTEGER NOT NULL, published_by TEXT NOT NULL, PRIMARY KEY (project, name, number));
    CREATE TABLE watch_progress (
        project TEXT NOT NULL, watch TEXT NOT NULL, version INTEGER NOT NULL, load_seq INTEGER NOT NULL,
        error TEXT, looked_at INTEGER NOT NULL, PRIMARY KEY (project, watch, version))
    """
_COLUMNS = "project, name, number, text, published_at, published_by"


class PublishedWatch(msgspec.Struct, frozen=True):
    """A watch as it was published: `text` is JSON, `number` counts the versions of this name from 1."""

    project: str
    name: str
    number: int
    text: str
    published_at: int
    published_by: str


class Progress(msgspec.Struct, frozen=True):
    """How far a version was judged: by the events up to `load_seq`, last at `looked_at` (µs UTC); `error`:
    why it could not be.
    """

    load_seq: int
    error: str | None
    looked_at: int


class Watches(Database):
    """The part of the registry that keeps what is watched."""

    def publish_watch(
        self, project: str, name: str, text: str, by: str, since: int | None = None
    ) -> PublishedWatch:
        """From now on this is the watch of that name; the newest again changes nothing. `since`: the first
        version is as if it had been there since then (µs UTC). RegistryError where it is not the first.
        """
        with self._transaction():
            newest = next(iter(self.watches(project, name)[-1:]), None)
            if newest is not None and newest.text == text:
                return newest
            if newest is not None and since is not None:
                raise RegistryError(
                    f"{name} is watched since before; without a since the next version would do"
                )
            moment = self._now() if since is None else min(since, self._now())
            values = (project, name, newest.number + 1 if newest else 1, text, moment, by)
            self._con.execute("INSERT INTO watches VALUES (?, ?, ?, ?, ?, ?)", values)
        return PublishedWatch(*values)

    def watches(self, project: str | None = None, name: str | None = None) -> list[PublishedWatch]:
        """Every version, by project and name, the oldest of each first."""
        sql = f"""
            SELECT {_COLUMNS} FROM watches WHERE project = coalesce(?, project) AND name = coalesce(?, name)
            ORDER BY project, name, number"""
        return [PublishedWatch(*row) for row in self._all(sql, (project, name))]

    def watch(self, project: str, name: str) -> PublishedWatch:
        """The newest version of a name. RegistryError where there is none."""
        found = self.watches(project, name)
        if not found:
            known = sorted({one.name for one in self.watches(project)})
            there = f"there is {', '.join(known)}" if known else "`sojourn watch publish` brings one"
            raise RegistryError(f"{project} has no watch {name!r}; {there}")
        return found[-1]

    def progress(self, watch: PublishedWatch) -> Progress | None:
        """None: it was never looked at."""
        sql = """
            SELECT load_seq, error, looked_at FROM watch_progress
            WHERE project = ? AND watch = ? AND version = ?"""
        rows = self._all(sql, (watch.project, watch.name, watch.number))
        return Progress(*rows[0]) if rows else None

    def note_progress(self, watch: PublishedWatch, load_seq: int, error: str | None = None) -> None:
        """What was looked at, or why it could not be."""
        with self._transaction():
            self._note_progress(watch, load_seq, error)

    def _note_progress(self, watch: PublishedWatch, load_seq: int, error: str | None = None) -> None:
        values = (watch.project, watch.name, watch.number, load_seq, error, self._now())
        self._con.execute("INSERT OR REPLACE INTO watch_progress VALUES (?, ?, ?, ?, ?, ?)", values)
