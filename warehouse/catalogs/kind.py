"""What every catalog can do, and the lock of the one writer."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Hashable, Iterator
from pathlib import Path
from typing import Protocol

import duckdb

from warehouse.errors import CatalogUnavailable, LakeLocked

ATTACHED = "__ducklake_metadata_lake"

# What DuckDB says of a catalog that did not answer: another program locks it, or its server went away.
_PASSING = (
    "database is locked",
    "Unable to connect to Postgres",
    "server closed the connection",
    "terminating connection",
    "the database system is",
    "connection to server was lost",
    "no connection to the server",
    'Failed to execute query "ROLLBACK"',
    'Failed to execute query "COMMIT"',
    "SSL connection has been closed",
    "could not receive data from server",
    "Connection pool timeout",
)


class Lease(Protocol):
    """What holds a writer's right beyond its machine."""

    def require(self) -> None:
        """CatalogUnavailable when it is not held any more."""

    def close(self) -> None: ...


class WriterLock:
    """The right to write: a lock file on this machine, and the catalog's own lock where it has one."""

    def __init__(self, path: Path) -> None:
        self._lease: Lease | None = None
        self._lost = False
        self._file: int | None = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self.close()
            raise LakeLocked(f"another program writes this lake ({path} is locked); stop it first") from None

    def hold(self, lease: Lease) -> None:
        """From now on this has to be held too."""
        self._lease = lease

    @property
    def lost(self) -> bool:
        """Whether the right is gone or in doubt: take it anew."""
        return self._lost

    def doubt(self) -> None:
        """Something went wrong with the catalog; one in a file of this machine takes no harm by it."""
        self._lost = self._lease is not None

    def require(self) -> None:
        """Asked before each commit. CatalogUnavailable, now and ever after, once the right is gone."""
        if self._lost:
            raise CatalogUnavailable("the lake has to be opened anew before anything is written")
        if self._lease is not None:
            self._lost = True
            self._lease.require()
            self._lost = False

    def close(self) -> None:
        if self._lease is not None:
            self._lease.close()
            self._lease = None
        if self._file is not None:
            os.close(self._file)
            self._file = None


class Catalog(Protocol):
    """Where the lake's own tables are."""

    place: str
    backup_name: str

    @property
    def metadata(self) -> str:
        """Where the catalog's own tables are in a connection that has the lake attached."""

    def attach_lake(self, con: duckdb.DuckDBPyConnection, data: Path, *, read_only: bool) -> None:
        """Attach the lake as `lake`; its files are below `data`."""

    def attach_tables(self, con: duckdb.DuckDBPyConnection) -> str:
        """Attach the catalog's own tables alone, without DuckLake; returns the name they go by."""

    def identity(self) -> Hashable | None:
        """Changes when another catalog stands in this one's place; None where there is none."""

    def lease(self) -> Lease | None:
        """Take the lock that keeps writers of other machines out. LakeLocked when one has it."""

    def prepare(self) -> bool:
        """Make the place for a new catalog; True where it is new. Call it under the writer's lock."""

    def set_aside(self) -> None:
        """Take the catalog out of the way, where that is not done by moving the lake's folder."""

    def discard(self) -> None:
        """Without the catalog there is no lake: the next writer makes one."""

    def texts(self) -> Iterator[tuple[str, Iterator[str]]]:
        """Name and texts of every table that is not in a file of the data folder."""

    def scrub(self) -> bool:
        """Let table statistics say what current files hold, and remove what is deleted from the disk; False
        while a reader keeps some of it there.

        Call it under the writer's lock while no lake is attached in this program.
        """

    def forget_aside(self) -> None:
        """Remove what `set_aside` kept, where it is not in the lake's folder."""

    def copy_to(self, target: Path) -> int:
        """A consistent copy, while others write; returns its bytes, 0 where there is nothing to copy."""

    def put_back(self, copy: Path) -> None:
        """Put a copy in the catalog's place. Call it under the writer's lock."""

    def close(self) -> None:
        """Ends the connection that these questions need; another question opens a new one."""


def unavailable(error: duckdb.Error) -> bool:
    """Whether DuckDB's error is that the catalog did not answer, which can pass."""
    text = str(error)
    return any(sign in text for sign in _PASSING)
