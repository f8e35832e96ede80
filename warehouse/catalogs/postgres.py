"""The catalog as a schema of a PostgreSQL database.

DuckDB's own connections come from a pool, where a session's lock can go astray; so the writer's lock is held
by a session of ours. The schema's comment says which data folder it belongs to.
"""

from __future__ import annotations

import secrets
from collections.abc import Hashable, Iterator
from hashlib import blake2b
from pathlib import Path

import duckdb

from warehouse.catalogs import postgres_copy
from warehouse.catalogs.address import Address
from warehouse.catalogs.kind import ATTACHED, Lease
from warehouse.catalogs.session import Session
from warehouse.catalogs.text import quoted, statistics_sql
from warehouse.durable import replace_durably
from warehouse.errors import CatalogRefused, CatalogUnavailable, LakeLocked
from warehouse.extensions import load_extensions
from warehouse.settings import Folders

_OWNER = "lake "
# A server that is gone without a word is noticed within 30 s.
_LIBPQ = (
    "connect_timeout=10 keepalives_idle=10 keepalives_interval=5 keepalives_count=3 tcp_user_timeout=30000"
)


class PostgresCatalog:
    """`schema` of the database at `address`, for the lake of one data folder."""

    backup_name = "catalog.zip"

    def __init__(self, address: Address, schema: str, folders: Folders) -> None:
        self._address = address
        self._schema = schema
        self._owner_file = folders.catalog_owner
        self._session: Session | None = None
        self.place = f'schema "{schema}" of {address}'

    @property
    def metadata(self) -> str:
        return f'{ATTACHED}."{self._schema}"'

    def attach_lake(self, con: duckdb.DuckDBPyConnection, data: Path, *, read_only: bool) -> None:
        """The password goes into a secret of DuckDB's, which its messages and tables never show."""
        self._ready(con, "ducklake")
        mode = "READ_ONLY, " if read_only else ""
        place = f"DATA_PATH '{quoted(str(data.absolute()))}/', OVERRIDE_DATA_PATH true"
        meta = f"META_SECRET 'catalog', METADATA_SCHEMA '{self._schema}', DATA_INLINING_ROW_LIMIT 0"
        con.execute(f"ATTACH 'ducklake:postgres:{self._options()}' AS lake ({mode}{place}, {meta})")

    def attach_tables(self, con: duckdb.DuckDBPyConnection) -> str:
        self._ready(con)
        con.execute(f"ATTACH '{self._options()}' AS catalog (TYPE postgres, SECRET catalog)")
        return f'catalog."{self._schema}"'

    def identity(self) -> Hashable | None:
        """The schema's number and the server's start; a schema without a lake's tables is no catalog."""
        try:
            rows = self._asked(_IDENTITY)
        except CatalogUnavailable:
            self.close()
            rows = self._asked(_IDENTITY)
        for number, started, comment, made in rows:
            if made:
                self._require_ours(comment)
                return number, started
        return None

    def lease(self) -> Lease:
        session = Session(self._address)
        ((taken,),) = session.run("SELECT pg_try_advisory_lock(:key)", key=self._key())
        if not taken:
            session.close()
            raise LakeLocked(f"another program writes the lake in {self.place}; stop it first")
        return AdvisoryLock(session, self._key(), self.place)

    def prepare(self) -> bool:
        """Make the schema and write down whose it is; CatalogRefused where it is another folder's."""
        rows = self._asked(_IDENTITY)
        if rows and (rows[0][2] or rows[0][3]):
            self._require_ours(rows[0][2])
            return not rows[0][3]
        session = self._open()
        session.run(f'CREATE SCHEMA IF NOT EXISTS "{self._schema}"')
        session.run(f"COMMENT ON SCHEMA \"{self._schema}\" IS '{_OWNER}{self._owner(make=True)}'")
        return True

    def set_aside(self) -> None:
        """Rename the schema; what a rebuild had set aside before is dropped."""
        if self.identity() is None:
            return
        before = f'"{self._schema}_before"'
        self._in_one(
            [f"DROP SCHEMA IF EXISTS {before} CASCADE", f'ALTER SCHEMA "{self._schema}" RENAME TO {before}']
        )

    def discard(self) -> None:
        if self.identity() is not None:
            self._in_one([f'DROP SCHEMA "{self._schema}" CASCADE'])

    def texts(self) -> Iterator[tuple[str, Iterator[str]]]:
        if self.identity() is not None:
            yield from postgres_copy.texts(self._open(), self._schema)

    def scrub(self) -> bool:
        """What the server's own log and backups hold of it stays there until they are recycled. Only who owns
        the database may clear what the server notes of values for its planner.
        """
        session = self._open()
        session.run(statistics_sql(f'"{self._schema}".', 'COLLATE "C"'))
        for (table,) in session.run(_TABLES, schema=self._schema):
            session.run(f'VACUUM (FULL, ANALYZE) "{self._schema}"."{table}"')
        session.run("VACUUM (FULL) pg_catalog.pg_statistic")
        return True

    def forget_aside(self) -> None:
        self._in_one([f'DROP SCHEMA IF EXISTS "{self._schema}_before" CASCADE'])

    def copy_to(self, target: Path) -> int:
        if self.identity() is None:
            return 0
        return postgres_copy.write(self._open(), self._schema, target)

    def put_back(self, copy: Path) -> None:
        self.identity()
        owner = self._owner(make=True)
        postgres_copy.put_back(self._open(), self._schema, f"{_OWNER}{owner}", copy)

    def close(self) -> None:
        if self._session is not None:
            self._session.close()
            self._session = None

    def _ready(self, con: duckdb.DuckDBPyConnection, *more: str) -> None:
        load_extensions(con, "postgres_scanner", *more)
        to = self._address
        fields = {
            "HOST": to.host,
            "PORT": str(to.port),
            "USER": to.user,
            "PASSWORD": to.password.reveal(),
            "DATABASE": to.database,
        }
        values = ", ".join(f"{name} '{quoted(value)}'" for name, value in fields.items() if value)
        con.execute(f"CREATE OR REPLACE TEMPORARY SECRET catalog (TYPE postgres, {values})")

    def _options(self) -> str:
        root = f" sslrootcert={self._address.sslrootcert}" if self._address.sslrootcert else ""
        return quoted(f"{_LIBPQ} sslmode={self._address.sslmode}{root} application_name=sojourn")

    def _open(self) -> Session:
        if self._session is None:
            self._session = Session(self._address)
        return self._session

    def _asked(self, sql: str) -> list[tuple[int, str, str | None, bool]]:
        rows = self._open().run(sql, schema=self._schema)
        return [(int(number), str(at), comment, bool(made)) for number, at, comment, made in rows]

    def _in_one(self, statements: list[str]) -> None:
        session = self._open()
        session.run("BEGIN")
        try:
            for statement in statements:
                session.run(statement)
            session.run("COMMIT")
        except BaseException:
            self.close()
            raise

    def _require_ours(self, comment: str | None) -> None:
        if comment != f"{_OWNER}{self._owner()}":
            raise CatalogRefused(
                f"{self.place} belongs to another data folder than {self._owner_file.parent.parent}; "
                "give this one a schema of its own with SOJOURN_CATALOG_SCHEMA, or drop the schema if its "
                "folder is gone"
            )

    def _owner(self, make: bool = False) -> str:
        """The number of this data folder; made once."""
        if not self._owner_file.is_file():
            if not make:
                return ""
            replace_durably(self._owner_file, secrets.token_hex(16).encode())
        return self._owner_file.read_text().strip()

    def _key(self) -> int:
        """The advisory lock's number; PostgreSQL keeps those of each database apart."""
        digest = blake2b(f"sojourn lake {self._schema}".encode(), digest_size=8).digest()
        return int.from_bytes(digest, "big", signed=True)


class AdvisoryLock:
    """Held for as long as its session lives."""

    def __init__(self, session: Session, key: int, place: str) -> None:
        self._session, self._key, self._place = session, key, place

    def require(self) -> None:
        """Asks this very session, so that a pooler in between, which gives us another one, is noticed."""
        ((held,),) = self._session.run(_HELD, key=self._key)
        if not held:
            raise CatalogUnavailable(
                f"the lock of {self._place} is not held; SOJOURN_CATALOG must lead to the server itself, "
                "past any pooler of connections"
            )

    def close(self) -> None:
        self._session.close()


_IDENTITY = """
    SELECT namespace.oid::bigint, pg_postmaster_start_time()::text,
        obj_description(namespace.oid, 'pg_namespace'),
        EXISTS (
            SELECT FROM pg_class WHERE relnamespace = namespace.oid AND relname = 'ducklake_snapshot'
        )
    FROM pg_namespace AS namespace WHERE nspname = :schema"""
_TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = :schema ORDER BY tablename"
_HELD = """
    SELECT EXISTS (
        SELECT FROM pg_locks
        WHERE locktype = 'advisory' AND granted AND pid = pg_backend_pid() AND objsubid = 1
            AND (classid::bigint << 32 | objid::bigint) = CAST(:key AS bigint)
    )"""
