"""sojourn plan types: from a folder or from the registry, the same bytes."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from sdk_contract.codegen import LANGUAGES
from tests.sdk_contract.codegen.typed_calls import FILES, plan
from tests.warehouse.lakes import Site
from warehouse.cli.plan_types import types


def run(*arguments: object) -> Result:
    return CliRunner().invoke(types, list(map(str, arguments)))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        path = tmp_path / "plan" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return tmp_path / "plan"


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_folder_and_the_registry_give_the_same_file(language: str, folder: Path, tmp_path: Path) -> None:
    site = Site(tmp_path / "data")
    site.registry.publish_plan("shop", plan().version, plan().to_json(), "test")
    printed = run(folder, "--lang", language)
    assert printed.exit_code == 0, printed.output
    told = run(
        "--project", "shop", "--data", tmp_path / "data", "--lang", language, "--out", tmp_path / "out"
    )
    assert told.exit_code == 0, told.output
    assert (tmp_path / "out").read_bytes() == printed.stdout_bytes
    assert "商品浏览" in printed.stdout


def test_a_folder_or_a_project_is_needed_and_not_both(folder: Path) -> None:
    for given in ([], [folder, "--project", "shop"]):
        told = run(*given, "--lang", "ts")
        assert told.exit_code == 2
        assert "name the plan's folder, or a project" in told.output
