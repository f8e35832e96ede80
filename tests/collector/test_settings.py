"""Settings of the collector."""

import pytest
from click.testing import CliRunner

from collector.cli import config
from collector.settings import CollectorSettings, load, node_name, worker_name
from sdk_contract.errors import SettingError
from sdk_contract.settings import describe


def test_the_environment_is_read() -> None:
    settings = load({"SOJOURN_DATA": "/d", "SOJOURN_BODY_LIMIT": "1MiB", "SOJOURN_SEGMENT_AGE": "500ms"})
    assert (settings.body_limit, settings.segment_age) == (2**20, 0.5)
    assert str(settings.journal) == "/d/journal"
    assert settings.landing_url == "/d/landing"


def test_an_unknown_variable_suggests_the_near_one() -> None:
    with pytest.raises(SettingError, match="did you mean SOJOURN_WORKERS"):
        load({"SOJOURN_WORKER": "2"})


@pytest.mark.parametrize("value", ["0", "65", "two"])
def test_a_bad_value_is_named(value: str) -> None:
    with pytest.raises(SettingError, match="SOJOURN_WORKERS"):
        load({"SOJOURN_WORKERS": value})


def test_every_setting_is_explained() -> None:
    assert [
        setting.name for setting in describe(CollectorSettings, {}) if not setting.help.endswith(".")
    ] == []


@pytest.mark.parametrize(
    ("node", "hostname", "name"),
    [
        ("", "Web-1.example.org", "web-1-example-org"),
        ("Eins", "x", "eins"),
        ("", "…", "node"),
        ("a" * 50, "", "a" * 40),
    ],
)
def test_a_node_is_named_for_files(node: str, hostname: str, name: str) -> None:
    assert node_name(CollectorSettings(node=node), hostname) == name
    assert worker_name(name, 3) == f"{name}-w3"


def test_config_show_names_value_and_source() -> None:
    result = CliRunner().invoke(config, ["show", "--json", "--data", "/elsewhere"])
    assert result.exit_code == 0
    assert '"variable":"SOJOURN_DATA","value":"/elsewhere","source":"environment"' in result.output
    plain = CliRunner().invoke(config, ["show"]).output
    assert "SOJOURN_WORKERS=1  (collector, default)" in plain
