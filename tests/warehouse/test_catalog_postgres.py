"""The lake with its catalog in a real PostgreSQL: all that touches it, every way to lose it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pytest

from loadtest.postgres import PostgresServer
from sdk_contract.settings import Secret
from tests.warehouse.cutting import Cutter
from tests.warehouse.lakes import SECOND, Site, event, ids
from warehouse.backup import back_up, restore
from warehouse.check import check
from warehouse.erasure.lake_files import purge, write_anew
from warehouse.erasure.scrubbing import scrub_catalog
from warehouse.errors import BadQuery, CatalogRefused, CatalogUnavailable, LakeLocked, LakeMissing
from warehouse.query import ask, confine
from warehouse.registry import Registry
from warehouse.upkeep import file_shapes, prune
from warehouse.writer import Writer, from_landing

pytestmark = pytest.mark.postgres


@pytest.fixture
def site(tmp_path: Path, postgres: Secret) -> Site:
    return Site(tmp_path / "data", catalog=postgres)


def opened(site: Site) -> Writer:
    return site.opened()


def load(writer: Writer) -> None:
    while writer.load().objects:
        pass


def stored(site: Site) -> list[str]:
    with site.reader() as lake:
        return [message_id for _, message_id in sorted(ids(lake), key=lambda row: row[1])]


def test_a_life(site: Site) -> None:
    with pytest.raises(LakeMissing, match="there is no lake in"):
        site.reader()
    with opened(site) as writer:
        for number in range(20):
            site.land([event(f"m{number:02}"), event(f"m{number:02}")])
            load(writer)
        site.clock = time.time_ns() // 1000 + 4000 * SECOND  # the catalog's own times are of the wall clock
        chores = {chore.name for _ in range(3) for chore in writer.upkeep()}
        site.clock += 4000 * SECOND
        chores |= {chore.name for chore in writer.upkeep()}
        assert chores >= {"merge", "expire", "prune", "remove"}
    assert stored(site) == [f"m{number:02}" for number in range(20)]
    found = check(site.settings, site.registry, deep=True)
    assert found.holds
    assert found.balance
    assert (found.balance.total.received, found.balance.total.duplicate) == (40, 20)
    assert not site.settings.folders.catalog.exists()


def test_a_torn_file_is_mended(site: Site) -> None:
    site.land([event("a"), event("b")])
    with opened(site) as writer:
        load(writer)
    (file,) = (site.settings.folders.lake_data / "main" / "events").rglob("*.parquet")
    file.write_bytes(file.read_bytes()[:-7])
    assert "instead of" in check(site.settings, site.registry).damage[0]
    with opened(site) as writer:
        assert (writer.mended.files, writer.mended.rows) == (1, 2)
    assert stored(site) == ["a", "b"]
    assert check(site.settings, site.registry, deep=True).holds


def test_nothing_of_what_was_erased_stands_in_the_servers_files(
    site: Site, postgres_server: PostgresServer
) -> None:
    site.land([event("a", user_id="u-erased-4711"), event("b", user_id="u-kept-4712", page_title="page")])
    data = site.settings.folders.lake_data.absolute()
    with opened(site) as writer:
        load(writer)
        url = site.settings.catalog
        assert url
        postgres_server.psql("ANALYZE", url.reveal().rpartition("/")[2])
        assert postgres_server.holding(b"u-erased-4711")
        writer.lake.execute("DELETE FROM events WHERE user_id = 'u-erased-4711'")
        for shape in file_shapes(writer.lake):
            write_anew(writer.lake, data, shape.table, [shape.path])
        purge(writer.lake, data, writer.lake.snapshot())
    scrub_catalog(site.settings)
    assert postgres_server.holding(b"u-erased-4711") == []
    assert postgres_server.holding(b"u-kept-4712")
    assert stored(site) == ["b"]


def test_what_has_no_bounds_is_found_after_an_erasure_and_after_more_rows(site: Site) -> None:
    site.land([event("a", user_id="u1"), event("b", user_id="u2")])
    with opened(site) as writer:
        load(writer)
        assert prune(writer.lake) > 0
    scrub_catalog(site.settings)
    site.land([event("z", user_id="u9")])
    with opened(site) as writer:
        load(writer)
    with site.reader() as lake:
        asked = "SELECT count(*) FROM events WHERE {}"
        conditions = ("user_id = 'u1'", "user_id < 'u3'", "message_id <= 'b'", "user_id = 'u9'")
        assert [lake.query(asked.format(one))[0][0] for one in conditions] == [1, 2, 2, 1]


def test_a_rebuild_keeps_the_old_schema_aside(site: Site, postgres_server: PostgresServer) -> None:
    site.land([event("a")])
    with opened(site) as writer:
        load(writer)
    for _ in range(2):
        with from_landing(site.settings, site.registry, now=site.now, store=site.store) as writer:
            assert ids(writer.lake) == [(1, "a")]
    url = site.settings.catalog
    assert url
    database = url.reveal().rpartition("/")[2]
    schemas = postgres_server.psql("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'soj%'", database)
    assert sorted(schemas.split()) == ["sojourn", "sojourn_before"]


def test_a_backup_is_of_one_moment_and_comes_back(site: Site, tmp_path: Path) -> None:
    with opened(site) as writer:
        site.land([event("a")])
        load(writer)
        made = back_up(site.settings, tmp_path / "copy", site.clock)
        site.land([event("b")])
        load(writer)
    assert set(made.files) == {"catalog.zip", "registry.sqlite"}
    site.registry.close()
    restore(tmp_path / "copy", site.settings, site.store, site.now, replace=True)
    site.registry = Registry.open(site.settings.folders.registry, now=site.now)
    assert stored(site) == ["a"]
    with opened(site) as writer:
        load(writer)
        site.land([event("c")])
        load(writer)
    assert stored(site) == ["a", "b", "c"]
    assert check(site.settings, site.registry, deep=True).holds


def test_a_second_writer_on_another_machine_is_refused(site: Site, tmp_path: Path) -> None:
    other = Site(tmp_path / "elsewhere", catalog=site.settings.catalog)
    with opened(site), pytest.raises(LakeLocked, match='another program writes the lake in schema "sojourn"'):
        opened(other)
    with pytest.raises(CatalogRefused, match=r"belongs to another data folder.*SOJOURN_CATALOG_SCHEMA"):
        opened(other)
    beside = Site(tmp_path / "beside", catalog=site.settings.catalog, catalog_schema="beside")
    with opened(site), opened(beside):
        pass


def lock_holder(server: PostgresServer) -> str:
    return server.psql("SELECT string_agg(pid::text, ',') FROM pg_locks WHERE locktype = 'advisory'")


def test_who_lost_the_lock_commits_nothing(site: Site, postgres_server: PostgresServer) -> None:
    site.land([event("a")])
    writer = opened(site)
    load(writer)
    site.land([event("b")])
    postgres_server.psql(f"SELECT pg_terminate_backend({lock_holder(postgres_server)})")
    for _ in range(2):
        with pytest.raises(CatalogUnavailable):
            writer.load()
    with pytest.raises(CatalogUnavailable):
        writer.upkeep()
    assert writer.lost
    writer.close()
    assert stored(site) == ["a"]
    with opened(site) as another:
        load(another)
    assert stored(site) == ["a", "b"]


def blind(writer: Writer, patch: pytest.MonkeyPatch) -> None:
    """A writer that does not know that its lock is gone."""
    patch.setattr(writer.lake, "require_lock", lambda: None)
    lock = writer.lake._lock
    assert lock
    lock.close()


def test_a_writer_that_fell_behind_cannot_load(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """The lock is not all there is: what it commits must follow what it knows."""
    site.land([event("a")])
    old = opened(site)
    load(old)
    blind(old, monkeypatch)
    site.land([event("b")])
    with opened(site) as new:
        load(new)
        with pytest.raises(CatalogUnavailable, match="somebody else wrote it"):
            old.load()
        site.land([event("c")])
        load(old)  # it has looked again
        with pytest.raises(CatalogUnavailable, match="somebody else wrote it"):
            new.load()
        load(new)
        assert ids(new.lake) == [(1, "a"), (2, "b"), (3, "c")]
    old.lake.close()


@pytest.mark.parametrize("loaded_before", [True, False])
def test_of_two_writers_at_the_same_moment_one_commits(
    site: Site, monkeypatch: pytest.MonkeyPatch, loaded_before: bool
) -> None:
    old = opened(site)
    if loaded_before:
        site.land([event("a")])
        load(old)
    site.land([event("b")])
    blind(old, monkeypatch)

    def load_all_first(*arguments: object, **named: object) -> None:
        monkeypatch.undo()
        with opened(site) as new:
            load(new)

    monkeypatch.setattr("warehouse.load.move_cursor", _after(load_all_first))
    with pytest.raises(duckdb.Error, match="conflict"):
        old.load()
    old.lake.close()
    assert stored(site) == (["a", "b"] if loaded_before else ["b"])


def _after(first: Callable[..., None]) -> Callable[..., None]:
    def move(*arguments: object) -> None:
        from warehouse.load import move_cursor

        first()
        move_cursor(*arguments)  # type: ignore[arg-type]

    return move


def load_in_the_end(site: Site) -> tuple[Writer, int]:
    """As the program does it: open anew and load. The first commit may still be under way, and win; the lock
    may be ours still, until the server has noticed that we went.
    """
    until = time.monotonic() + 30
    while time.monotonic() < until:
        try:
            writer = opened(site)
        except LakeLocked:
            time.sleep(0.05)
            continue
        try:
            return writer, writer.load().objects
        except (duckdb.Error, CatalogUnavailable):
            writer.close()
    raise AssertionError("the load does not get on")


@pytest.fixture
def cutter(postgres_server: PostgresServer) -> Iterator[Cutter]:
    with Cutter(postgres_server.port) as cutter:
        yield cutter


@pytest.fixture
def behind(tmp_path: Path, postgres: Secret, postgres_server: PostgresServer, cutter: Cutter) -> Site:
    """A site that reaches its catalog through the cutter."""
    url = postgres.reveal().replace(f":{postgres_server.port}/", f":{cutter.port}/")
    return Site(tmp_path / "data", catalog=Secret(f"{url}?sslmode=disable"))


@pytest.mark.parametrize(
    "when", ["amid", *(pytest.param(one, marks=pytest.mark.slow) for one in ("before", "after"))]
)
def test_a_line_that_breaks_at_the_commit_loses_and_doubles_nothing(
    behind: Site, cutter: Cutter, when: str
) -> None:
    writer = opened(behind)
    for number in range(2):
        behind.land([event(f"m{number}"), event(f"m{number}")])
        left = getattr(cutter, when)
        left.value = 1
        with pytest.raises(duckdb.Error):
            writer.load()
        assert left.value == 0
        assert writer.lost
        writer.close()
        writer, loaded = load_in_the_end(behind)
        assert when == "amid" or loaded == (1 if when == "before" else 0)
    assert [message_id for _, message_id in ids(writer.lake)] == [f"m{number}" for number in range(2)]
    writer.close()
    assert check(behind.settings, behind.registry, deep=True).holds


@pytest.mark.parametrize(
    "ending", ["kill", *(pytest.param(one, marks=pytest.mark.slow) for one in ("fast", "immediate"))]
)
def test_readers_and_the_writer_outlive_a_restart(
    site: Site, postgres_server: PostgresServer, ending: str
) -> None:
    site.land([event("a")])
    writer = opened(site)
    load(writer)
    with site.reader() as reader:
        postgres_server.stop(ending)
        with pytest.raises(CatalogUnavailable, match=r"cannot reach PostgreSQL .* is the server running"):
            site.reader()
        with pytest.raises(duckdb.Error):
            ids(reader)
        site.land([event("b")])
        with pytest.raises((duckdb.Error, CatalogUnavailable)):
            load(writer)
        postgres_server.start()
        assert ids(reader) == [(1, "a")]
    with pytest.raises(CatalogUnavailable):
        load(writer)
    assert writer.lost
    writer.close()
    with opened(site) as writer:
        load(writer)
    assert stored(site) == ["a", "b"]


@pytest.mark.parametrize(
    "sql",
    [
        "FROM __ducklake_metadata_lake.pg_catalog.pg_authid",
        'SELECT * FROM "__ducklake_metadata_lake".sojourn.ducklake_snapshot',
        "FROM postgres_query('__ducklake_metadata_lake', 'SELECT 1')",
        "FROM postgres_scan('', 'sojourn', 'ducklake_snapshot')",
        "FROM duckdb_secrets(redact=false)",
    ],
)
def test_a_question_reaches_neither_the_catalog_nor_its_password(site: Site, sql: str) -> None:
    site.land([event("a")])
    site.load_all()
    with site.reader() as lake:
        confine(lake, site.settings.folders)
        assert list(ask(lake, "SELECT message_id FROM events").rows) == [("a",)]
        with pytest.raises(BadQuery):
            list(ask(lake, sql).rows)
        shown = str(lake.query("FROM duckdb_secrets()")) + str(lake.query("FROM duckdb_databases()"))
        assert "ss/word" not in shown
