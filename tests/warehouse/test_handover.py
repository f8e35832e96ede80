"""Who was erased, handed to a data folder that was restored from before: they are erased there too."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from tests.sessionizer.erased_world import ADA, CYD, LAPTOP, PHONE, World, history, said
from warehouse.cli.tombstones import tombstones


@pytest.fixture(scope="module")
def erased(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Ada was erased here."""
    world = World(tmp_path_factory.mktemp("erased"))
    world.land(*history(world.vault))
    world.turn(2)
    world.finish(world.erase(LAPTOP).no)
    yield world
    world.close()


@pytest.fixture
def new(erased: World, tmp_path: Path) -> Iterator[World]:
    """The same keys, and nobody yet."""
    secrets = erased.site.settings.folders.secrets
    shutil.copytree(secrets, tmp_path / "new" / secrets.name)
    world = World(tmp_path / "new")
    yield world
    world.close()


@pytest.fixture
def restored(new: World) -> World:
    """The same keys, and everything as it was before."""
    new.land(*history(new.vault))
    new.turn(2)
    return new


@pytest.fixture
def file(erased: World, tmp_path: Path) -> Path:
    out = tmp_path / "stones.json"
    assert run(erased, "export", "--out", str(out)).exit_code == 0
    return out


def run(world: World, *args: str) -> Result:
    return CliRunner().invoke(
        tombstones, [*args, "--data", str(world.site.settings.data), "--json"], catch_exceptions=True
    )


def applied(world: World, file: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(run(world, "apply", str(file), "--reason", "restored").stdout)
    return found


def test_who_was_erased_is_erased_in_a_restored_backup(erased: World, restored: World, file: Path) -> None:
    done = applied(restored, file)
    assert (done["erasures"], done["unclear"]) == ([1], 0)
    assert done["tombstones"] == done["suppressions"] + 1 > 2  # the door looks at no e-mail address
    assert restored.finish(1).counts["erased"] == erased.site.registry.erasure(1).counts["erased"] > 0
    assert restored.rows("SELECT count(*) FROM identities WHERE value IN (?, ?)", [ADA, LAPTOP]) == [(1,)]
    assert restored.rows("SELECT count(*) FROM identities WHERE value IN (?, ?)", [CYD, PHONE]) == [(2,)]
    restored.land([said("a-9", 300, ADA, LAPTOP), said("c-9", 301, CYD, PHONE)])
    restored.turn(2)
    assert restored.rows("SELECT message_id FROM events WHERE message_id LIKE '%-9'") == [("c-9",)]
    again = applied(restored, file)
    assert (again["tombstones"], again["suppressions"], again["erasures"]) == (0, 0, [])


def test_who_was_erased_does_not_come_into_a_new_folder(new: World, file: Path) -> None:
    done = applied(new, file)
    assert (done["tombstones"], done["erasures"]) == (3, [])
    new.land([said("a-1", 0, ADA, LAPTOP), said("c-1", 1, CYD, PHONE)])
    new.turn(2)
    assert new.rows("SELECT message_id FROM events") == [("c-1",)]


def test_the_file_tells_nobody(file: Path) -> None:
    text = file.read_bytes()
    assert file.stat().st_mode & 0o077 == 0
    assert not any(id.encode() in text for id in (ADA, LAPTOP, "ada.lovelace"))


@pytest.mark.parametrize("text", [b"{}", b"[]", b"\xff", b""], ids=["empty", "list", "bytes", "nothing"])
def test_what_is_no_such_file_is_said(erased: World, tmp_path: Path, text: bytes) -> None:
    (tmp_path / "x").write_bytes(text)
    done = run(erased, "apply", str(tmp_path / "x"), "--reason", "r")
    assert "is no file of tombstones" in str(done.exception)


def test_other_keys_and_no_reason_are_refused(erased: World, file: Path, tmp_path: Path) -> None:
    assert "--reason is empty" in str(run(erased, "apply", str(file), "--reason", " ").exception)
    other = World(tmp_path / "other")
    done = run(other, "apply", str(file), "--reason", "r")
    other.close()
    assert "made with other keys" in str(done.exception)
    assert "names a new file" in run(other, "export", "--out", str(file)).stderr
