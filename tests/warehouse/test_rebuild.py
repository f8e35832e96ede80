"""A lake made anew from landing equals the old one."""

from pathlib import Path
from typing import Any

import pytest

from tests.warehouse.lakes import HOUR, NOON, SECOND, Site, event
from warehouse import rebuild as rebuild_module
from warehouse.errors import LakeLocked
from warehouse.lake import Lake
from warehouse.writer import from_landing, open_writer


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """Loaded in an order that is not that of the keys, with a duplicate that depends on it."""
    site = Site(tmp_path)
    site.land([event("a"), event("b", verdict="rejected")], opened_at=NOON)
    site.load_all()
    site.land([event("a", properties='{"late":1}'), event("c")], opened_at=NOON - HOUR)
    site.load_all()
    return site


def contents(lake: Lake) -> dict[str, list[Any]]:
    tables = {name: f"FROM {name}" for name in ("events", "rejected", "duplicates")}
    tables["objects"] = "SELECT * EXCLUDE loaded_at FROM objects"
    return {name: sorted(map(repr, lake.query(sql))) for name, sql in tables.items()}


def test_the_recorded_order_gives_the_same_rows_under_the_same_numbers(site: Site) -> None:
    with site.reader() as lake:
        before = contents(lake)
    told: list[tuple[int, int]] = []
    with from_landing(
        site.settings, site.registry, now=site.now, progress=lambda done, all: told.append((done, all))
    ) as writer:
        assert contents(writer.lake) == before
        assert writer.load().objects == 0
    assert told[-1] == (2, 2)
    assert (site.settings.folders.before / "catalog.sqlite").exists()


def test_without_a_catalog_the_keys_give_the_order(site: Site) -> None:
    site.settings.folders.catalog.write_bytes(b"gone" * 1000)
    with from_landing(site.settings, site.registry, now=site.now) as writer:
        assert writer.lake.query("SELECT properties->>'$.late' FROM events WHERE message_id = 'a'") == [
            ("1",)
        ]
        assert writer.lake.query("SELECT count(length(message_id)) FROM events") == [(2,)]


@pytest.mark.parametrize("step", ["finish_move", "replay"])
def test_a_killed_rebuild_ends_at_the_next_start(
    site: Site, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    with site.reader() as lake:
        before = contents(lake)
    site.settings.folders.order.unlink(missing_ok=True)
    monkeypatch.setattr(rebuild_module, "finish_move", lambda *_: 1 / 0 if step == "finish_move" else None)
    monkeypatch.setattr("warehouse.writer.replay", lambda *_, **__: 1 / 0)
    monkeypatch.setattr(site.settings.__class__, "load_rows", 1)
    with pytest.raises(ZeroDivisionError):
        from_landing(site.settings, site.registry, now=site.now)
    monkeypatch.undo()
    with open_writer(site.settings, site.registry, now=site.now) as writer:
        assert contents(writer.lake) == before
    assert not site.settings.folders.order.exists()


def test_a_rebuild_that_is_asked_for_again_keeps_the_first_order(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    with site.reader() as lake:
        before = contents(lake)
    monkeypatch.setattr("warehouse.writer.replay", lambda *_, **__: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        from_landing(site.settings, site.registry, now=site.now)
    monkeypatch.undo()
    with from_landing(site.settings, site.registry, now=site.now) as writer:
        assert contents(writer.lake) == before


def test_what_landed_meanwhile_follows(site: Site) -> None:
    site.land([event("d")], opened_at=NOON - 2 * HOUR)
    with from_landing(site.settings, site.registry, now=site.now) as writer:
        assert writer.lake.query("SELECT load_seq FROM events WHERE message_id = 'd'") == [(5,)]
        site.land([event("e"), event("d", received_at=NOON + SECOND)])
        site.clock += 61 * SECOND
        report = writer.load()
        assert (report.stored, report.duplicate) == (1, 1)


def test_a_running_writer_is_not_pulled_from_under(site: Site) -> None:
    with site.writer(), pytest.raises(LakeLocked):
        from_landing(site.settings, site.registry, now=site.now)
    assert not site.settings.folders.order.exists()
