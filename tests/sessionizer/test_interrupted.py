"""A run that breaks off between any two statements leaves nothing behind; the next makes up for it."""

import random
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import pytest

from sessionizer.incremental import stitch
from sessionizer.rebuild import rebuild
from tests.sessionizer.test_incremental import MORTAL, NOW, check_against_oracles
from tests.sessionizer.world import arrivals, contents, loaded, plain_lake, store
from tests.warehouse.lakes import lake_of_writer
from warehouse.lake import Lake
from warehouse.settings import WarehouseSettings


class Broken(Exception):
    pass


class BreakingLake(Lake):
    """Breaks off before its statement number `at`."""

    def __init__(self, lake: Lake, at: int) -> None:
        super().__init__(lake.con)
        self.left = at

    def execute(
        self, sql: str, params: Sequence[Any] | Mapping[str, Any] | None = None
    ) -> duckdb.DuckDBPyConnection:
        if self.left == 0:
            raise Broken(sql)
        self.left -= 1
        return super().execute(sql, params)


def break_everywhere(lake: Lake, run: Callable[[Lake], object], every: int = 1) -> int:
    """Runs until it is through, each time broken off later; returns how often it was broken off."""
    before, broken = contents_and_cursor(lake), 0
    while True:
        try:
            run(BreakingLake(lake, broken * every))
        except Broken:
            broken += 1
            assert contents_and_cursor(lake) == before
        else:
            return broken


def contents_and_cursor(lake: Lake) -> dict[str, list[tuple[Any, ...]]]:
    ledgers = ("session_aliases", "customer_redirects", "cursors")
    return contents(lake) | {name: lake.query(f"SELECT * FROM {name} ORDER BY ALL") for name in ledgers}


EVERY = [13, pytest.param(1, marks=pytest.mark.slow)]


@pytest.mark.parametrize("every", EVERY)
def test_a_run_broken_off_at_any_statement(every: int) -> None:
    lake, events = plain_lake(), arrivals(random.Random(1), 60, 12)
    store(lake, events)
    loaded(lake, 30)
    stitch(lake, now=NOW)
    loaded(lake, 60)
    assert break_everywhere(lake, lambda broken: stitch(broken, now=NOW), every) > 50 // every
    check_against_oracles(lake, events)


@pytest.mark.parametrize("every", EVERY)
def test_a_rebuild_broken_off_at_any_statement(every: int) -> None:
    lake, events = plain_lake(), arrivals(random.Random(3), 60, 12)
    store(lake, events)
    loaded(lake, 60)
    stitch(lake, now=NOW, batch=40)
    assert break_everywhere(lake, lambda broken: rebuild(broken, now=NOW), every) > 30 // every
    check_against_oracles(lake, events)


@pytest.mark.slow
def test_a_run_with_ids_that_end_broken_off_at_any_statement() -> None:
    lake, events = plain_lake(), arrivals(random.Random(2), 60, 12)
    store(lake, events)
    loaded(lake, 30)
    stitch(lake, now=NOW, ids=MORTAL)
    loaded(lake, 60)
    assert break_everywhere(lake, lambda broken: stitch(broken, now=NOW, ids=MORTAL), every=5) > 12
    assert lake.query("SELECT count(*) > 0 FROM identity_lives WHERE life > 1") == [(True,)]
    in_runs = contents(lake)
    rebuild(lake, now=NOW, ids=MORTAL)
    assert contents(lake) == in_runs


def test_in_the_real_lake(tmp_path: Path) -> None:
    events = arrivals(random.Random(4), 80, 12)
    with lake_of_writer(WarehouseSettings(data=str(tmp_path))) as lake:
        store(lake, events)
        loaded(lake, 50)
        stitch(lake, now=NOW)
        loaded(lake, 80)
        assert break_everywhere(lake, lambda broken: stitch(broken, now=NOW), every=25) > 2
        check_against_oracles(lake, events)
