"""A backup taken while all runs, put back: the books close, and what came since is there again."""

import fcntl
import json
import os
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from collector.command import Commands
from sdk_contract.errors import SojournError
from tests.warehouse.lakes import Site, event, ids
from warehouse.backup import MANIFEST, back_up, read_manifest, restore, tally_of
from warehouse.balance import balance
from warehouse.cli.backup import backup as backup_command
from warehouse.cli.backup import restore as restore_command
from warehouse.errors import BadBackup, LakeLocked
from warehouse.registry import Registry
from warehouse.settings import WarehouseSettings
from warehouse.writer import open_writer


def writer_of(site: Site) -> list[tuple[int, str]]:
    """Load everything as the program does after a start; the ids that are stored."""
    with open_writer(site.settings, site.registry, now=site.now) as writer:
        while writer.load().objects:
            pass
        return sorted(ids(writer.lake), key=lambda row: row[1])


@pytest.fixture
def site(tmp_path: Path) -> Site:
    site = Site(tmp_path / "data")
    site.land([event("m1"), event("m2"), event("m1")])
    writer_of(site)
    return site


def put_back(site: Site, source: Path, **options: bool) -> Site:
    """Restore, and the same site with the registry that is there now."""
    site.registry.close()
    restore(source, site.settings, site.store, site.now, **options)
    site.registry = Registry.open(site.settings.folders.registry, now=site.now)
    return site


def test_what_landed_after_the_backup_is_loaded_and_counted_after_a_restore(
    site: Site, tmp_path: Path
) -> None:
    back_up(site.settings, tmp_path / "copy", site.clock)
    site.land([event("m3"), event("bad", verdict="rejected", reason="bad_time")])
    site.land([event("m4")], worker="n-w1")
    before = [message for _, message in writer_of(site)]
    put_back(site, tmp_path / "copy", replace=True)
    with site.reader() as lake:  # before any writer has opened it
        assert [message for _, message in ids(lake)] == ["m1", "m2"]
    assert [message for _, message in writer_of(site)] == before == ["m1", "m2", "m3", "m4"]
    with site.reader() as lake:
        books = balance(lake, site.store, site.registry, site.settings.folders.journal)
    assert books.total.received == 6
    assert books.total.difference == 0


def test_a_new_machine_needs_the_backup_and_landing_only(site: Site, tmp_path: Path) -> None:
    back_up(site.settings, tmp_path / "copy", site.clock)
    site.land([event("m5")])
    other = WarehouseSettings(data=str(tmp_path / "other"), landing=site.settings.landing_url)
    restore(tmp_path / "copy", other, site.store, site.now)
    registry = Registry.open(other.folders.registry, now=site.now)
    with open_writer(other, registry, now=site.now) as writer:
        while writer.load().objects:
            pass
        assert sorted(message for _, message in ids(writer.lake)) == ["m1", "m2", "m5"]
        books = balance(writer.lake, site.store, registry, other.folders.journal)
    assert books.total.difference == 0


def test_the_copy_is_consistent_while_a_writer_is_at_work(site: Site, tmp_path: Path) -> None:
    with open_writer(site.settings, site.registry, now=site.now) as writer:
        site.land([event("m6")])
        writer.load()
        site.registry.close()
        if os.fork() == 0:  # as the command does it: a program of its own
            back_up(site.settings, tmp_path / "copy", site.clock)
            os._exit(0)
        assert os.wait()[1] == 0
    assert set(read_manifest(tmp_path / "copy").files) == {"catalog.sqlite", "registry.sqlite"}


def test_a_restore_does_not_touch_a_folder_that_is_in_use(site: Site, tmp_path: Path) -> None:
    back_up(site.settings, tmp_path / "copy", site.clock)
    with (
        open_writer(site.settings, site.registry, now=site.now),
        pytest.raises(LakeLocked, match="stop it first"),
    ):
        restore(tmp_path / "copy", site.settings, site.store, site.now, replace=True)
    lock = site.settings.folders.root / "up.lock"
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(BadBackup, match=r"up\.lock is locked"):
            restore(tmp_path / "copy", site.settings, site.store, site.now, replace=True)


@pytest.mark.parametrize(
    ("spoil", "text"),
    [
        (lambda copy: (copy / MANIFEST).unlink(), "is no backup"),
        (lambda copy: (copy / MANIFEST).write_text('{"format":"x","made_at":1,"files":{}}'), "format 'x'"),
        (lambda copy: (copy / "registry.sqlite").write_bytes(b"x"), "is not what the backup wrote"),
        (lambda copy: _overwrite(copy / "catalog.sqlite"), "is not what the backup wrote"),
    ],
)
def test_a_backup_that_is_hurt_is_not_restored(site: Site, tmp_path: Path, spoil: object, text: str) -> None:
    back_up(site.settings, tmp_path / "copy", site.clock)
    assert callable(spoil)
    spoil(tmp_path / "copy")
    with pytest.raises(SojournError, match=text):
        restore(tmp_path / "copy", site.settings, site.store, site.now, replace=True)


def _overwrite(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[:4096] = b"\xff" * 4096
    path.write_bytes(data)


def test_the_commands_say_what_they_did_and_what_would_do(site: Site, tmp_path: Path) -> None:
    site.registry.close()
    group = Commands("sojourn", commands={"backup": backup_command, "restore": restore_command})

    def run(*args: str) -> tuple[int, str]:
        result = CliRunner().invoke(group, [*args, "--data", site.settings.data], catch_exceptions=False)
        return result.exit_code, result.output

    copy = str(tmp_path / "copy")
    code, text = run("backup", copy, "--json")
    assert code == 0
    assert set(json.loads(text)["files"]) == {"catalog.sqlite", "registry.sqlite"}
    assert run("backup", copy) == (1, f"error: {copy} is not empty; give a folder that is not there yet\n")
    code, text = run("restore", copy)
    assert code == 1
    assert "--replace" in text
    code, text = run("restore", copy, "--replace")
    assert code == 0
    assert "counted 0 segments" in text


def test_a_replayed_event_is_not_counted_again(site: Site) -> None:
    key = site.land([event("m7"), event("m8", replayed_at=site.clock)])
    assert sum(entry.events for entry in tally_of(site.store.get(key))) == 1
    shutil.rmtree(site.settings.folders.landing)


def test_who_was_erased_after_the_backup_stays_out(site: Site, tmp_path: Path) -> None:
    site.land([event("m1", user_id="somebody")])
    site.load_all()
    back_up(site.settings, tmp_path / "copy", site.clock)
    stones = [("user_id", "digest")]
    site.registry.file_erasure("shop", "erase", "asked", "test", sealed="", tombstones=stones)
    site.registry.suppress("shop", "another digest")
    site.registry.close()
    done = restore(tmp_path / "copy", site.settings, site.store, site.now, replace=True)
    assert (done.files, done.tombstones) == (["registry.sqlite"], 1)
    registry = Registry.open(site.settings.folders.registry, now=site.now)
    assert registry.tombstones() == {"digest": ("erase", 1)}
    assert [one.stage for one in registry.erasures()] == ["filed"]
    assert registry.suppressions() == {"shop": frozenset({"another digest"})}
    registry.close()
