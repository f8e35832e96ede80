"""The tables have a version that changes with them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from warehouse.enrich import tables


def test_the_version_names_patterns_and_tables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = tables.data_version()
    assert before.startswith("ua-parser-builtins 2")
    shutil.copytree(tables._FOLDER, tmp_path / "tables")
    monkeypatch.setattr(tables, "_FOLDER", tmp_path / "tables")
    assert tables.data_version.__wrapped__() == before
    with (tmp_path / "tables" / "bots.yaml").open("a") as table:
        table.write("# changed\n")
    assert tables.data_version.__wrapped__() != before
