"""The writer goes on after errors without losing or doubling a row."""

from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.warehouse.lakes import Site, event, ids
from warehouse.errors import StoreUnavailable
from warehouse.writer import Writer


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


def writer(site: Site) -> Writer:
    return site.opened()


class Failing:
    """A connection whose COMMIT raises once, before or after it has happened."""

    def __init__(self, con: duckdb.DuckDBPyConnection, after: bool) -> None:
        self._con, self._after, self._armed = con, after, True

    def execute(self, sql: str, *rest: Any) -> Any:
        if sql == "COMMIT" and self._armed:
            self._armed = False
            if self._after:
                self._con.execute(sql)
            raise duckdb.IOException("disk full")
        return self._con.execute(sql, *rest)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._con, name)


@pytest.mark.parametrize("after", [False, True])
def test_a_commit_that_may_have_happened_is_looked_at(site: Site, after: bool) -> None:
    with writer(site) as one:
        site.land([event("a"), event("b")])
        con = one.lake.con
        one.lake.con = Failing(con, after)  # type: ignore[assignment]
        with pytest.raises(duckdb.IOException):
            one.load()
        one.lake.con = con
        assert one.load().stored == (0 if after else 2)
        site.land([event("a"), event("c")])
        report = one.load()
        assert (report.first_load_seq, report.stored, report.duplicate) == (3, 1, 1)
        assert ids(one.lake) == [(1, "a"), (2, "b"), (4, "c")]


def test_a_store_that_is_away_for_a_while_is_asked_again(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(_: str) -> bytes:
        raise StoreUnavailable("landing does not answer")

    with writer(site) as one:
        site.land([event("a")])
        index = one.dedup
        with monkeypatch.context() as patch:
            patch.setattr(site.store, "get", away)
            with pytest.raises(StoreUnavailable):
                one.load()
        assert one.load().stored == 1
        assert one.dedup is index


def test_a_failed_transaction_leaves_the_connection_usable(site: Site) -> None:
    with site.writer() as lake:
        con = lake.con
        lake.con = Failing(con, after=False)  # type: ignore[assignment]
        with pytest.raises(duckdb.IOException), lake.transaction():
            lake.execute("INSERT INTO cursors VALUES ('x', 1, NULL, now())")
        with lake.transaction():
            assert lake.query("FROM cursors") == []


def test_a_killed_writer_starts_again_where_it_was(site: Site) -> None:
    site.land([event("a")])
    one = writer(site)
    one.load()
    one.lake.close()
    site.land([event("a"), event("b")])
    with writer(site) as two:
        report = two.load()
        assert (report.first_load_seq, report.stored, report.duplicate) == (2, 1, 1)
