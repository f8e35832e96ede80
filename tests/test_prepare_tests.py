"""What `make test` does about programs that pip cannot install."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tools import prepare_tests
from tools.prepare_tests import Missing


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine with no program at all on its path."""
    monkeypatch.setattr(shutil, "which", lambda name: None)
    monkeypatch.setattr(prepare_tests, "DEBIAN_POSTGRES", Path("/nowhere"))
    monkeypatch.setattr(prepare_tests, "ODBC_DRIVERS", (Path("/nowhere"),))
    monkeypatch.setattr(prepare_tests, "ODBC_MANAGERS", (Path("/nowhere"),))


def test_parts_to_skip_are_read_from_the_environment() -> None:
    assert prepare_tests.skipped_parts({"SOJOURN_SKIP": "browser, node,"}) == {"browser", "node"}
    assert prepare_tests.skipped_parts({}) == set()


def test_an_unknown_part_is_refused() -> None:
    with pytest.raises(Missing, match="SOJOURN_SKIP names 'brwser'; it may name browser, cc, node, postgres"):
        prepare_tests.skipped_parts({"SOJOURN_SKIP": "brwser"})


@pytest.mark.usefixtures("bare")
@pytest.mark.parametrize(
    ("skipped", "packages"),
    [
        (set(), ["wrk", "gcc", "libc6-dev", "chromium", "postgresql", "odbc-postgresql", "unixodbc"]),
        ({"wrk", "cc", "postgres"}, ["chromium"]),
        ({"browser", "cc"}, ["wrk", "postgresql", "odbc-postgresql", "unixodbc"]),
        ({"browser", "wrk", "postgres"}, ["gcc", "libc6-dev"]),
        ({"browser", "wrk", "cc", "postgres"}, []),
    ],
)
def test_only_what_is_missing_and_not_skipped_is_installed(skipped: set[str], packages: list[str]) -> None:
    assert prepare_tests.missing_debian_packages(skipped) == packages


@pytest.mark.usefixtures("bare")
def test_without_apt_get_one_line_says_what_to_install() -> None:
    with pytest.raises(Missing, match=r"apt-get install wrk gcc libc6-dev, or set SOJOURN_SKIP=wrk,cc$"):
        prepare_tests.install_debian_packages(["wrk", "gcc", "libc6-dev"])


def test_neither_root_nor_sudo_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    monkeypatch.setattr(prepare_tests, "succeeds", lambda command: False)
    assert prepare_tests.apt_get() is None


def test_npm_is_left_alone_when_the_lock_is_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "package-lock.json").write_text("{}")
    (tmp_path / "node_modules").mkdir()
    (tmp_path / "node_modules" / ".installed").write_text(prepare_tests.fingerprint(tmp_path))
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: pytest.fail("npm was started"))
    prepare_tests.install_npm_packages(tmp_path)


def test_a_failed_command_is_one_line_with_its_last_words() -> None:
    script = "import sys; print('one', file=sys.stderr); sys.exit('no such package')"
    with pytest.raises(Missing, match=r"^install it \[no such package\]$"):
        prepare_tests.run([sys.executable, "-c", script], "install it")
