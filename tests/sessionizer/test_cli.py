"""`sojourn rebuild`, alone and beside a running writer; settings of `sojourn sessionize`."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from sdk_contract.errors import SettingError
from sessionizer.cli import rebuild, sessionize
from sessionizer.errors import CommandFailed
from tests.warehouse.lakes import Site, event
from warehouse.errors import RegistryError
from warehouse.writer import open_writer


@pytest.fixture
def site(tmp_path: Path) -> Site:
    site = Site(tmp_path)
    site.land([event("a", user_id="lin"), event("b", anonymous_id="d2")])
    with open_writer(site.settings, site.registry, now=site.now) as writer:
        writer.load()
    return site


def call(site: Site, *options: str) -> Result:
    return CliRunner().invoke(rebuild, ["--data", site.settings.data, *options])


@pytest.mark.parametrize("source", ["lake", "landing"])
def test_rebuild(site: Site, source: str) -> None:
    result = call(site, "--from", source, "--json")
    answer = json.loads(result.stdout)
    assert {name: answer[name] for name in ("from", "until", "sessions", "identities", "customers")} == {
        "from": source,
        "until": 2,
        "sessions": 2,
        "identities": 3,
        "customers": 2,
    }
    expected = ["sessions", "identities", "customers", "attributes", "commit"]
    assert result.stderr.splitlines()[-5:] == expected
    assert ("objects 1 of 1" in result.stderr) is (source == "landing")
    with site.reader() as lake:
        assert lake.query("SELECT count(*) FROM events") == [(2,)]


def test_rebuild_for_people(site: Site) -> None:
    assert call(site).stdout.startswith("2 sessions, 3 identities, 2 customers, ")


def test_rebuild_asks_the_running_writer(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    with site.writer():
        obeying(site, monkeypatch, "done", {"sessions": 7, "identities": 5, "customers": 3, "seconds": 1.5})
        result = call(site, "--from", "landing")
    assert result.stdout == "7 sessions, 5 identities, 3 customers, 1.5 seconds\n"
    (command,) = site.registry.commands()
    assert (command.kind, command.args) == ("rebuild", {"from": "landing"})


def test_rebuild_says_when_the_running_writer_could_not(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    with site.writer():
        obeying(site, monkeypatch, "failed", {"error": "no space"})
        result = call(site)
    assert isinstance(result.exception, CommandFailed)
    assert str(result.exception) == "command 1 (rebuild) failed: no space"


def obeying(site: Site, monkeypatch: pytest.MonkeyPatch, state: str, result: dict[str, object]) -> None:
    """A writer that finishes the command while somebody waits for it."""

    def finish(_: float) -> None:
        command = site.registry.next_command()
        assert command
        site.registry.finish_command(command.id, state, result)

    monkeypatch.setattr("sessionizer.asking.time.sleep", finish)


def test_rebuild_of_nothing(tmp_path: Path) -> None:
    result = CliRunner().invoke(rebuild, ["--data", str(tmp_path / "nowhere")])
    assert isinstance(result.exception, RegistryError)


def test_a_bad_setting_stops_the_start(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOJOURN_STITCH_EVERY", "often")
    result = CliRunner().invoke(sessionize, ["--data", site.settings.data])
    assert isinstance(result.exception, SettingError)
    assert "SOJOURN_STITCH_EVERY='often' will not do" in str(result.exception)
