"""The page of imports: what was brought in, and a file that is tried and filed."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from sessionizer.commands import KINDS
from tests.console.conftest import CHEAP, NOW, Visitor
from warehouse.access.scope import Scope
from warehouse.imports import inbox
from warehouse.settings import WarehouseSettings

FILE = "客户编号,邮箱,更新时间\n1001,wang@ex.cn,2026-11-01\n1002,li@ex.cn,03/04/2026\n"
MAPPING = "time_zone: Asia/Shanghai\nfields: {crm_id: 客户编号, email: 邮箱, updated_at: 更新时间}\n"


@pytest.fixture
def site(visitor: Visitor, tmp_path: Path) -> Visitor:
    """A console with a write key and one file to import."""
    visitor.registry.create_key("shop")
    folder = tmp_path / "imports" / "inbox"
    folder.mkdir(parents=True)
    (folder / "crm.csv").write_bytes(FILE.encode("gb18030"))
    (folder / "notes.pdf").touch()
    return visitor


def fields(**changes: str) -> dict[str, str]:
    return {"name": "crm.csv", "kind": "customers", "mapping": MAPPING, **changes}


def obeyed(site: Visitor, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What the writer would start for the commands that are filed, and then did."""
    started: list[Any] = []
    monkeypatch.setattr(subprocess, "Popen", lambda command, **_: started.append(command))
    settings = WarehouseSettings(data=str(site.data))
    while (command := site.registry.next_command()) is not None:
        assert command.kind in KINDS
        site.registry.finish_command(command.id, "done", inbox.begin(settings, command.args))
        inbox.work_off(settings, site.registry, command.args["import"], lambda: NOW, 1)
    return started


def test_a_file_is_looked_at_tried_and_imported(site: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    page = site.get("/imports").text
    assert "crm.csv (1 KB)" in page
    assert "notes.pdf" not in page
    looked = site.get("/imports/file?name=crm.csv&kind=customers").text
    assert "crm_id: 客户编号" in looked
    assert "wang@ex.cn" in looked
    assert "gb18030" in looked
    mine = fields(mapping=MAPPING.replace("Asia", "Mars"))
    assert "time zone &#39;Mars/Shanghai&#39; is none" in site.post("/imports", {**mine, "do": "try"}).text
    tried = site.post("/imports", {**fields(), "do": "try"}).text
    assert "row 3: ambiguous_date /rows/3/更新时间" in tried
    assert site.registry.imports() == []
    assert site.post("/imports", {**fields(), "do": "import"}).status_code == 303
    assert "waits for the writer" in site.get("/imports").text
    (command,) = obeyed(site, monkeypatch)
    assert command[1:] == ["-m", "warehouse.imports.program", "1"]
    page = site.get("/imports").text
    assert ">done<" in page
    assert "/data/refused/rows?code=ambiguous_date&amp;event=customers" in page
    (done,) = site.registry.imports()
    assert (done.state, done.result["new"], done.result["rejected"]) == ("done", 1, {"ambiguous_date": 1})
    assert "已完成" in site.get("/imports", {"Accept-Language": "zh"}).text


def test_what_cannot_be_imported_is_told(site: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("nothing.csv", "../../registry.sqlite", ""):
        assert "there is no file" in site.post("/imports", {**fields(name=name), "do": "import"}).text
    assert site.get("/imports/file?name=crm.csv&kind=parrots").status_code == 400
    assert "will not do" in site.get("/imports/file?name=crm.csv&kind=customers&key=k_x").text
    broken = fields(mapping="fields: {crm_id: nowhere}")
    assert "there is no column &#39;nowhere&#39;" in site.post("/imports", {**broken, "do": "try"}).text
    assert site.post("/imports", {**broken, "do": "import"}).status_code == 303
    obeyed(site, monkeypatch)
    page = site.get("/imports").text
    assert ">failed<" in page
    assert "there is no column &#39;nowhere&#39;" in page


def test_who_may_import(tmp_path: Path) -> None:
    visitor = Visitor(tmp_path, console_open=False)
    roles = {"vic": "viewer", "ana": "analyst", "root": "admin", "li": "admin"}
    for name, role in roles.items():
        scope = Scope(attributes={"owner": ("li",)}) if name == "li" else Scope()
        visitor.registry.create_user(
            name, role, "test", password=CHEAP.hash("two green kettles"), scope=scope
        )
    seen = {}
    for name in roles:
        visitor.signed_in(name, "two green kettles")
        post = visitor.post("/imports", {**fields(kind="parrots"), "do": "try"})
        seen[name] = (visitor.get("/imports").status_code, post.status_code)
        visitor.cookies.clear()
    assert (seen["vic"], seen["li"]) == ((403, 403), (403, 403))
    assert seen["root"] == (200, 400)
    assert seen["ana"][0] == 200
    visitor.registry.close()
