"""Damaged files are found, named and mended, and everything is as it was before."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.warehouse.lakes import DAY, NOON, SECOND, Site, event
from warehouse import writer as writer_module
from warehouse.check import check
from warehouse.errors import LakeError
from warehouse.files import LakeFile, lake_files
from warehouse.lake import Lake
from warehouse.mark import Mark, read_mark, write_mark
from warehouse.writer import Writer

TABLES = ("events", "rejected", "duplicates", "objects", "sessions")
Spoil = Callable[[Path], None]


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


def truncate(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def cut_out(path: Path) -> None:
    """Shorter, with a good beginning and end."""
    data = path.read_bytes()
    path.write_bytes(data[:50] + data[90:])


def scramble(path: Path) -> None:
    """Of the same size and with a good end, as a torn page leaves a file."""
    data = bytearray(path.read_bytes())
    data[4:200] = b"\xff" * 196
    path.write_bytes(data)


def writer(site: Site) -> Writer:
    return site.opened()


def fill(site: Site) -> Writer:
    """Three loads over two days, with duplicates within and across them, and a session."""
    site.land(
        [event("a"), event("b", timestamp=NOON - DAY), event("x", verdict="rejected", reason="bad_time")]
    )
    one = writer(site)
    one.load()
    one.lake.execute("INSERT INTO sessions (session_id, events) VALUES ('s_1', 2)")
    site.land([event("a"), event("c"), event("c", properties="{}")])
    site.clock += SECOND
    one.load()
    site.land([event("d"), event("b"), event("a")], worker="n-w1")
    site.clock += SECOND
    one.load()
    return one


def contents(lake: Lake) -> dict[str, list[Any]]:
    return {table: sorted(map(repr, lake.query(f"FROM {table}"))) for table in TABLES}


def newest(lake: Lake, site: Site, table: str, back: int = 1) -> LakeFile:
    files = lake_files(lake.con, site.settings.folders.lake_data)
    return [file for file in files if file.table == table][-back]


@pytest.mark.parametrize(
    "spoil",
    [
        truncate,
        Path.unlink,
        pytest.param(cut_out, marks=pytest.mark.slow),
        pytest.param(lambda path: path.write_bytes(b""), marks=pytest.mark.slow),
    ],
)
def test_a_broken_newest_file_of_events_is_named_by_check_and_mended_at_the_next_start(
    site: Site, spoil: Spoil
) -> None:
    """Even after a clean stop, when nothing is in doubt."""
    with fill(site) as one:
        before = contents(one.lake)
        path = newest(one.lake, site, "events").path
    spoil(path)
    checked = check(site.settings, site.registry)
    assert not checked.holds
    assert any(path.name in line for line in checked.damage)
    with writer(site) as two:
        assert (two.mended.files, two.mended.rows, two.mended.rebuild) == (1, 1, False)
        assert contents(two.lake) == before
    assert check(site.settings, site.registry).holds
    with writer(site) as three:
        assert three.mended.files == 0


@pytest.mark.parametrize("table", ["events", "duplicates", "rejected"])
def test_a_file_torn_inside_is_found_after_an_unclean_stop(site: Site, table: str) -> None:
    one = fill(site)
    before = contents(one.lake)
    path = newest(one.lake, site, table).path
    one.lake.close()
    scramble(path)
    assert not check(site.settings, site.registry).holds
    with writer(site) as two:
        assert two.mended.files == 1
        assert contents(two.lake) == before
    assert check(site.settings, site.registry).holds


def test_all_files_of_a_commit_may_be_gone(site: Site) -> None:
    """Who was a duplicate of whom is judged again, in the recorded order, and the load goes on from there."""
    one = fill(site)
    before = contents(one.lake)
    folder = site.settings.folders.lake_data
    for file in lake_files(one.lake.con, folder):
        if file.table in ("events", "duplicates", "rejected", "cursors"):
            file.path.unlink(missing_ok=True)
    one.lake.close()
    site.land([event("d"), event("e")])
    with writer(site) as two:
        assert contents(two.lake) == before
        report = two.load()
        assert (report.first_load_seq, report.duplicate, report.stored) == (10, 1, 1)
        assert [command.kind for command in site.registry.commands()] == ["rebuild"]
        assert two.lake.query("SELECT load_seq FROM cursors WHERE name = 'stitch'") == [(9,)]


def test_what_was_stored_later_does_not_speak_for_a_duplicate(site: Site) -> None:
    """The copy of day 8 says the same as that of day 5, but was not there when that was judged."""
    days = ((0, "A"), (5, "B"), (8, "B"))
    with writer(site) as one:
        for day, name in days:
            site.land([event("a", event=name, received_at=NOON + day * DAY)])
            one.load()
        before = one.lake.query("SELECT load_seq, same_body FROM duplicates")
        path = newest(one.lake, site, "duplicates").path
    truncate(path)
    with writer(site) as two:
        assert two.lake.query("SELECT load_seq, same_body FROM duplicates") == before == [(2, False)]
        assert two.lake.query("SELECT count(length(message_id)) FROM events") == [(2,)]


@pytest.mark.parametrize("kind", ["rows", "deletions"])
def test_a_broken_file_of_sessions_asks_for_a_rebuild(site: Site, kind: str) -> None:
    with fill(site) as one:
        one.lake.execute("INSERT INTO sessions (session_id) VALUES ('s_2'), ('s_3')")
        one.lake.execute("DELETE FROM sessions WHERE session_id = 's_2'")
        path = newest(one.lake, site, "sessions", 1 if kind == "deletions" else 2).path
        assert path.name.endswith("-delete.parquet") == (kind == "deletions")
    truncate(path)
    with writer(site) as two:
        assert two.mended.rebuild
        assert two.lake.query("SELECT session_id FROM sessions") == [("s_1",)]
        (command,) = site.registry.commands()
        assert (command.kind, command.args["reason"]) == ("rebuild", "damaged: sessions")


def test_a_crash_while_mending_loses_nothing(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    with fill(site) as one:
        before = contents(one.lake)
        path = newest(one.lake, site, "events").path
    truncate(path)
    monkeypatch.setattr(writer_module, "mend", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        writer(site)
    monkeypatch.undo()
    assert any(path.name in line for line in check(site.settings, site.registry).damage)
    with writer(site) as two:
        assert contents(two.lake) == before
    assert check(site.settings, site.registry).holds


def test_landing_that_is_gone_too_is_named(site: Site) -> None:
    with fill(site) as one:
        path = newest(one.lake, site, "events").path
        ((key,),) = one.lake.query("SELECT key FROM objects ORDER BY first_load_seq DESC LIMIT 1")
    site.store.delete(key)
    truncate(path)
    with pytest.raises(LakeError, match=f"needs {key} to be mended"):
        writer(site)


def test_damage_that_cannot_be_mended_says_what_to_do(site: Site) -> None:
    with fill(site) as one:
        one.lake.execute("CALL ducklake_flush_inlined_data('lake', table_name => 'objects')")
        path = newest(one.lake, site, "objects").path
    truncate(path)
    for _ in range(2):
        with pytest.raises(LakeError, match="sojourn rebuild --from landing"):
            writer(site)


def test_the_mark_moves_on_and_says_whether_the_stop_was_clean(site: Site) -> None:
    place = site.settings.folders.clean_mark
    one = writer(site)
    began = read_mark(place)
    assert not began.clean
    site.land([event("a")])
    one.load()
    site.clock += int(site.settings.mark_every * SECOND)
    one.upkeep()
    assert read_mark(place).next_file > began.next_file
    assert not read_mark(place).clean
    one.close()
    assert read_mark(place).clean


def test_a_torn_mark_vouches_for_nothing(tmp_path: Path) -> None:
    write_mark(tmp_path / "clean", Mark(7, True, 1))
    assert read_mark(tmp_path / "clean") == Mark(7, True, 1)
    (tmp_path / "clean").write_bytes(b'{"next_file":7,')
    assert read_mark(tmp_path / "clean") == Mark(0, False, 0)


def test_what_a_killed_program_swapped_out_is_removed(site: Site) -> None:
    left = site.settings.folders.lake / "tmp-999999999"
    left.mkdir(parents=True)
    writer(site).close()
    assert not left.exists()


def test_a_first_start_that_was_cut_off_before_anything_was_synced_begins_again(site: Site) -> None:
    """Its tables are in the catalog, and the file that says so is not on disk."""
    with writer(site) as one:
        path = newest(one.lake, site, "schema_migrations").path
    site.settings.folders.clean_mark.unlink()
    path.unlink()
    site.land([event("a")])
    with writer(site) as two:
        two.load()
        assert two.lake.query("SELECT message_id FROM events") == [("a",)]
    assert check(site.settings, site.registry, deep=True).holds


def test_a_lake_that_was_used_never_begins_again_by_itself(site: Site) -> None:
    with fill(site) as one:
        path = newest(one.lake, site, "schema_migrations").path
    site.settings.folders.clean_mark.unlink()
    path.unlink()
    with pytest.raises(LakeError, match="rebuild --from landing"):
        writer(site)


def test_a_reader_of_a_lake_whose_files_are_gone_is_told_in_one_line(site: Site) -> None:
    with fill(site) as one:
        newest(one.lake, site, "schema_migrations").path.unlink()
    with pytest.raises(LakeError, match="cannot read the lake"):
        check(site.settings, site.registry)
