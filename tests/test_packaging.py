"""What is shipped: locks that satisfy pyproject.toml and name no host, a wheel with all its data files."""

import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("collector", "loadtest", "sdk_contract", "sessionizer", "warehouse")
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EXTRAS: dict[str, list[str]] = PROJECT["optional-dependencies"]


def wanted(extra: str) -> list[str]:
    """What an extra asks for, with what it asks for by way of other extras."""
    found = []
    for text in EXTRAS[extra]:
        requirement = Requirement(text)
        ours = requirement.name == PROJECT["name"]
        found += [one for other in sorted(requirement.extras) for one in wanted(other)] if ours else [text]
    return found


WANTED = {
    "requirements.lock": PROJECT["dependencies"],
    "requirements-test.lock": [
        *PROJECT["dependencies"],
        *(text for extra in ("all", "test", "dev") for text in wanted(extra)),
    ],
}
PIN = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==(\S+)", re.MULTILINE)


def pins(lock: str) -> dict[str, set[Version]]:
    """The versions of each package; a package can have several, each for other releases of Python."""
    found: dict[str, set[Version]] = {}
    for name, version in PIN.findall(lock):
        found.setdefault(canonicalize_name(name), set()).add(Version(version))
    return found


def unsatisfied(lock: str, wanted: list[str]) -> list[str]:
    locked = pins(lock)
    return [
        text
        for text in wanted
        for requirement in [Requirement(text)]
        for versions in [locked.get(canonicalize_name(requirement.name), set())]
        if not versions or not all(version in requirement.specifier for version in versions)
    ]


@pytest.mark.parametrize("name", WANTED)
def test_lock_satisfies_pyproject(name: str) -> None:
    assert unsatisfied((ROOT / name).read_text(), WANTED[name]) == [], "run make lock"


def test_an_old_lock_is_noticed() -> None:
    lock = "click==8.1.0 \\\n    --hash=sha256:00\n"
    assert unsatisfied(lock, ["click>=8.2,<9", "httpx"]) == ["click>=8.2,<9", "httpx"]


def test_both_locks_agree() -> None:
    run, test = (pins((ROOT / name).read_text()) for name in WANTED)
    assert {name: test.get(name) for name in run} == run


@pytest.mark.parametrize("name", WANTED)
def test_lock_has_a_hash_for_every_pin(name: str) -> None:
    blocks = re.split(r"^(?=[A-Za-z0-9])", (ROOT / name).read_text(), flags=re.MULTILINE)[1:]
    assert [block.splitlines()[0] for block in blocks if "--hash=sha256:" not in block] == []


@pytest.mark.parametrize("name", WANTED)
def test_lock_names_no_host(name: str) -> None:
    text = (ROOT / name).read_text()
    assert [line for line in text.splitlines() if "://" in line or "--" in line.split("--hash")[0]] == []


def test_npm_lock_names_no_registry() -> None:
    text = (ROOT / "tests" / "e2e" / "node" / "package-lock.json").read_text()
    assert '"resolved"' not in text
    assert '"integrity"' in text


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    return zipfile.Path(next(folder.glob("*.whl")))


def test_wheel_carries_every_file_of_the_packages(wheel: zipfile.Path) -> None:
    shipped = set(wheel.root.namelist())
    files = {path for package in PACKAGES for path in (ROOT / package).rglob("*") if path.is_file()}
    wanted = {path.relative_to(ROOT).as_posix() for path in files if "__pycache__" not in path.parts}
    assert sorted(wanted - shipped) == []


def test_wheel_ships_nothing_else(wheel: zipfile.Path) -> None:
    tops = {name.split("/")[0] for name in wheel.root.namelist()}
    assert tops - {*PACKAGES} == {f"sojourn-{PROJECT['version']}.dist-info"}


@pytest.mark.parametrize("group", ["sojourn.commands", "sojourn.settings"])
def test_entry_points_name_files_that_are_shipped(wheel: zipfile.Path, group: str) -> None:
    shipped = set(wheel.root.namelist())
    modules = [target.split(":")[0] for target in PROJECT["entry-points"][group].values()]
    paths = [f"{module.replace('.', '/')}.py" for module in modules]
    assert [path for path in paths if path not in shipped and path[:-3] + "/__init__.py" not in shipped] == []
