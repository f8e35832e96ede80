"""A run into PostgreSQL: one transaction, so that who reads there sees the last run or this one, whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any, Final

from warehouse.catalogs.session import Session
from warehouse.errors import CatalogRefused, CatalogUnavailable
from warehouse.lake import Lake
from warehouse.publish import changes, ddl
from warehouse.publish.changes import Stand
from warehouse.publish.choice import Choice
from warehouse.publish.copying import batches
from warehouse.publish.done import Done, Put
from warehouse.publish.errors import BadDestination, DestinationAway, DestinationRefused
from warehouse.publish.place import Place
from warehouse.publish.selecting import definition, select
from warehouse.publish.tables import Table, named

ANSWER_S: Final = 900.0
_OURS: Final = "published by sojourn, lake "
_BUSY: Final = "SELECT pg_try_advisory_xact_lock(:key)"
_SCHEMA: Final = """
    SELECT obj_description(oid, 'pg_namespace'), EXISTS (SELECT FROM pg_class WHERE relnamespace = n.oid)
    FROM pg_namespace AS n WHERE nspname = :schema"""
_COLUMNS: Final = """
    SELECT table_name, column_name, data_type FROM information_schema.columns
    WHERE table_schema = :schema ORDER BY table_name, ordinal_position"""


def publish(
    lake: Lake, place: Place, choice: Choice, owner: str, now: int, complete_until: int | None
) -> Done:
    """Bring the tables of a database to what `lake` reads in its transaction. `owner` names the data folder.

    DestinationAway where it does not answer, DestinationRefused where a person has to mend something.
    """
    if place.database is None:
        raise BadDestination(f"{place} is no database")
    try:
        session = Session(place.database, "--to", ANSWER_S)
        try:
            return Run(lake, session, choice, now, complete_until).whole(owner)
        finally:
            session.close()
    except CatalogUnavailable as error:
        raise DestinationAway(str(error)) from None
    except CatalogRefused as error:
        raise DestinationRefused(str(error)) from None


class Run:
    """One run; use it once."""

    def __init__(
        self, lake: Lake, session: Session, choice: Choice, now: int, complete_until: int | None
    ) -> None:
        self._lake, self._session, self._choice, self._now = lake, session, choice, now
        self._complete_until = complete_until
        self._stand = changes.stand(lake)
        self._there: dict[str, dict[str, str]] = {}

    def whole(self, owner: str) -> Done:
        self._session.run("BEGIN")
        self._take_turn()
        self._own_schema(owner)
        puts = [self._table(table) for table in named(self._choice.tables)]
        self._empty_others()
        self._session.run("COMMIT")
        return Done(self._stand.version, self._complete_until, tuple(puts))

    def _take_turn(self) -> None:
        digest = blake2b(f"sojourn publish {self._choice.schema}".encode(), digest_size=8).digest()
        ((taken,),) = self._session.run(_BUSY, key=int.from_bytes(digest, "big", signed=True))
        if not taken:
            raise DestinationAway(f'another program publishes into schema "{self._choice.schema}" right now')

    def _own_schema(self, owner: str) -> None:
        schema, said = self._choice.schema, f"{_OURS}{owner}"
        rows = self._session.run(_SCHEMA, schema=schema)
        if not rows:
            self._session.run(f'CREATE SCHEMA "{schema}"')
        elif rows[0][0] != said and (rows[0][0] or rows[0][1]):
            raise DestinationRefused(
                f'schema "{schema}" holds what this data folder did not publish; give another one with '
                "--schema, or drop it"
            )
        for table, column, kind in self._session.run(_COLUMNS, schema=schema):
            self._there.setdefault(table, {})[column] = kind
        if ddl.BOOK not in self._there:
            self._all([f"COMMENT ON SCHEMA \"{schema}\" IS '{said}'", *ddl.make_book(schema)])

    def _table(self, table: Table) -> Put:
        sql, meant = (
            select(table, self._choice, self._now),
            definition(table, self._choice, self._now),
        )
        columns = changes.columns(self._lake, sql)
        before = self._shape(table, columns, meant)
        if before is not None and not changes.is_touched(self._lake, table, before):
            return self._noted(table, meant, None)
        count = (
            self._part(table, sql, before, [*columns]) if before else self._all_rows(table, sql, [*columns])
        )
        return self._noted(table, meant, count)

    def _shape(self, table: Table, columns: Mapping[str, str], meant: str) -> Stand | None:
        """Make the table or change it; the snapshot that it shows, where only what changed since is to go."""
        schema, there = self._choice.schema, self._there.get(table.name)
        if there is None:
            self._all([*ddl.make(schema, table, columns), *ddl.index(schema, table, columns)])
            return None
        altered = ddl.alter(schema, table, columns, there)
        self._all([*altered, *ddl.index(schema, table, columns)])
        book = f'"{schema}".{ddl.BOOK}'
        rows = self._session.run(
            f"SELECT lake_snapshot, snapshot_at, definition FROM {book} WHERE table_name = :name",
            name=table.name,
        )
        if altered or not rows or rows[0][2] != meant:
            return None
        before = Stand(int(rows[0][0]), _micros(rows[0][1]))
        return before if changes.is_there(self._lake, before) else None

    def _part(self, table: Table, sql: str, before: Stand, columns: list[str]) -> int:
        was = select(table, self._choice, self._now, before.version)
        self._stage(table, table.key, changes.gone(table, sql, was))
        taken = self._count(ddl.take_away(self._choice.schema, table, staged=True))
        self._stage(table, columns, changes.changed(table, sql, was))
        return taken + self._count(ddl.put(self._choice.schema, table, columns))

    def _all_rows(self, table: Table, sql: str, columns: list[str]) -> int:
        """All rows go over, and only those that differ are written there."""
        self._stage(table, columns, sql)
        self._session.run(f"ANALYZE {ddl.STAGE}")
        taken = self._count(ddl.take_away(self._choice.schema, table, staged=False))
        return taken + self._count(ddl.put(self._choice.schema, table, columns))

    def _stage(self, table: Table, columns: Sequence[str], sql: str) -> None:
        self._all(ddl.stage(self._choice.schema, table, columns))
        rows = batches(self._lake, sql)
        self._session.run(f"COPY {ddl.STAGE} FROM STDIN WITH (FORMAT csv)", stream=rows)

    def _noted(self, table: Table, meant: str, count: int | None) -> Put:
        """What became of it; `count` None: it stands as it stood."""
        schema = self._choice.schema
        values: dict[str, Any] = {
            "name": table.name,
            "meant": meant,
            "snapshot": self._stand.version,
            "snapshot_at": _moment(self._stand.at),
            "complete": _moment(self._complete_until),
            "now": _moment(self._now),
            "count": count,
        }
        if count is None:
            sql = f"""
                UPDATE "{schema}".{ddl.BOOK} SET lake_snapshot = :snapshot, snapshot_at = :snapshot_at,
                complete_until = :complete, published_at = :now
                WHERE table_name = :name RETURNING rows, :count::bigint, :meant::text"""
        else:
            sql = f"""
                INSERT INTO "{schema}".{ddl.BOOK}
                SELECT :name, count(*), :count, :snapshot, :snapshot_at::timestamptz,
                    :complete::timestamptz, :now::timestamptz, :meant
                FROM "{schema}".{table.name}
                ON CONFLICT (table_name) DO UPDATE SET rows = EXCLUDED.rows, changed = EXCLUDED.changed,
                    lake_snapshot = EXCLUDED.lake_snapshot, snapshot_at = EXCLUDED.snapshot_at,
                    complete_until = EXCLUDED.complete_until, published_at = EXCLUDED.published_at,
                    definition = EXCLUDED.definition
                RETURNING rows"""
        rows = self._session.run(sql, **values)
        return Put(table.name, int(rows[0][0]), count or 0)

    def _empty_others(self) -> None:
        """What is published no more must not grow old there: its rows go, the table stays for who looks at
        it.
        """
        schema = self._choice.schema
        for (name,) in self._session.run(f'SELECT table_name FROM "{schema}".{ddl.BOOK}'):
            if name not in self._choice.tables:
                self._session.run(f'DELETE FROM "{schema}"."{name}"')
                self._session.run(f'DELETE FROM "{schema}".{ddl.BOOK} WHERE table_name = :name', name=name)

    def _count(self, sql: str) -> int:
        self._session.run(sql)
        return self._session.affected()

    def _all(self, statements: Sequence[str]) -> None:
        for statement in statements:
            self._session.run(statement)


def _moment(at: int | None) -> datetime | None:
    return None if at is None else datetime.fromtimestamp(at / 1e6, UTC)


def _micros(at: datetime) -> int:
    return round(at.timestamp() * 1e6)
