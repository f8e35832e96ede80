"""What is held about a person, written out: all of it, and nothing of anybody else."""

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.sessionizer.erased_world import ADA, BEN, LAPTOP, MAIL, TABLET, World, history
from warehouse.erasure import held
from warehouse.erasure.errors import BadErasure
from warehouse.erasure.export import Exported, export
from warehouse.erasure.held import counts
from warehouse.erasure.subject import Id, Subject, find_subject
from warehouse.errors import UnknownId


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    world = World(tmp_path_factory.mktemp("export"))
    world.land(*history(world.vault))
    world.turn(2)
    yield world
    world.close()


def of(world: World, asked: str, **more: str) -> Subject:
    return find_subject(world.job.writer.lake, asked, **more)


def written(world: World, asked: str, out: Path, **more: str) -> Exported:
    lake = world.job.writer.lake
    return export(lake, world.site.registry, world.vault, of(world, asked, **more), out)


def lines(folder: Path, name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / f"{name}.jsonl").read_text().splitlines()]


def test_any_id_finds_the_person_and_which_ids_others_use(world: World) -> None:
    subject = of(world, ADA, project="shop")
    assert subject.ids == (Id("anonymous_id", LAPTOP), Id("email", MAIL), Id("user_id", ADA))
    assert (subject.kept, subject.elsewhere) == ((Id("anonymous_id", TABLET),), (ADA,))
    assert {of(world, one) for one in (LAPTOP, subject.customer_id or "")} == {subject}


def test_who_cannot_be_meant(world: World) -> None:
    with pytest.raises(BadErasure, match=r"is 2 customers.*give --project"):
        of(world, ADA)
    with pytest.raises(UnknownId, match="nobody is known as 'nobody'"):
        of(world, "nobody")
    assert of(world, "nobody", project="shop", kind="user_id").ids == (Id("user_id", "nobody"),)


@pytest.mark.parametrize("scans", [held._SCANS, 0], ids=["a scan an id", "one for all"])
def test_rows_are_counted_in_every_table_that_tells_of_people(
    world: World, scans: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(held, "_SCANS", scans)
    found = counts(world.job.writer.lake, of(world, ADA, project="shop"))
    assert found["events"] == 4
    assert {name: found[name] for name in ("sessions", "identities", "customers", "traits")} == {
        "sessions": 2, "identities": 4, "customers": 1, "traits": 2,
    }  # fmt: skip


def test_everything_of_hers_and_nothing_of_his(world: World, tmp_path: Path) -> None:
    done = written(world, ADA, tmp_path / "ada", project="shop")
    folder = Path(done.path)
    assert [row["message_id"] for row in lines(folder, "events")] == ["a-1", "a-2", "a-3", "a-4"]
    assert {row["value"]: row["shared"] for row in lines(folder, "ids")} == {
        LAPTOP: False, MAIL: False, ADA: False, TABLET: True,
    }  # fmt: skip
    refused = {row["message_id"]: row["raw"] for row in lines(folder, "refused")}
    assert (json.loads(refused["r-1"])["userId"], refused["r-2"][:9], len(refused)) == (ADA, "withheld:", 2)
    assert MAIL in json.dumps(lines(folder, "customer_attributes"))
    assert BEN not in "".join(path.read_text() for path in folder.iterdir())
    assert done.rows["events"] == 4
    assert "## events.jsonl: 4 rows" in (folder / "README.md").read_text()


def test_his_export_leaves_out_her_side_of_the_shared_tablet(world: World, tmp_path: Path) -> None:
    done = written(world, BEN, tmp_path / "ben.zip")
    with zipfile.ZipFile(done.path) as packed:
        text = "".join(packed.read(name).decode() for name in packed.namelist())
        events = packed.read("events.jsonl").decode().splitlines()
    assert [json.loads(line)["message_id"] for line in events] == ["b-1", "b-2", "b-3"]
    assert ADA not in text
    assert not (tmp_path / "ben").exists()
    with pytest.raises(BadErasure, match="is there already"):
        written(world, BEN, tmp_path / "ben.zip")


def test_consent_is_the_newest_answer(world: World, tmp_path: Path) -> None:
    from tests.sessionizer.erased_world import said

    def asked(message_id: str, minutes: int, answer: bool) -> dict[str, Any]:
        context = json.dumps({"consent": {"categoryPreferences": {"marketing": answer, "a.b": True}}})
        return said(message_id, minutes, "user-eve-1234567", None, context=context)

    world.land([asked("e-2", 8, False), asked("e-1", 7, True)])
    world.turn(2)
    done = written(world, "user-eve-1234567", tmp_path / "eve")
    answers = {row["category"]: row["answer"] for row in lines(Path(done.path), "consent")}
    assert answers == {"marketing": "false", "a.b": "true"}
