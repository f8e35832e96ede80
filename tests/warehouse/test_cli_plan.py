"""`sojourn plan`, run as a person runs it."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from collector.command import Commands
from sdk_contract.plan import Plan, compile
from warehouse.cli.plan import plan
from warehouse.registry import Registry

Run = Callable[..., Result]

GOOD = {"order_id": "O-1", "total": 12, "currency": "CNY"}
EVENT = {"type": "track", "event": "Order Completed", "userId": "u", "messageId": "m"}
GROUP = Commands("sojourn", commands={"plan": plan})


def run(*args: object, text: str | bytes | None = None) -> Result:
    return CliRunner().invoke(GROUP, ["plan", *map(str, args)], input=text, catch_exceptions=False)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    assert run("init", tmp_path / "plan").exit_code == 0
    return tmp_path / "plan"


def change(folder: Path, file: str, old: str, new: str) -> None:
    path = folder / file
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


def test_a_new_plan_has_nothing_to_complain_of(folder: Path) -> None:
    result = run("lint", folder)
    assert (result.exit_code, result.output) == (0, "0 errors, 0 warnings\n")


def test_a_plan_is_not_started_over_another(folder: Path) -> None:
    before = (folder / "plan.yaml").read_bytes()
    result = run("init", folder)
    assert result.exit_code == 1
    assert "is there already and not empty; give a new folder" in result.output
    assert (folder / "plan.yaml").read_bytes() == before


def test_lint_tells_errors_and_warnings_with_their_places(folder: Path) -> None:
    change(folder, "events/signup.yaml", "kind: form", "kind: fomr")
    result = run("lint", folder)
    assert result.exit_code == 1
    assert (
        "error: events/signup.yaml, line 5, kind: Invalid enum value 'fomr'; one of account," in result.stderr
    )
    (problem,) = json.loads(run("lint", folder, "--json").stdout)
    assert {name: problem[name] for name in ("severity", "file", "line", "field")} == {
        "severity": "error", "file": "events/signup.yaml", "line": 5, "field": "kind",
    }  # fmt: skip
    change(folder, "events/signup.yaml", "kind: fomr", "kind: form")
    change(folder, "events/signup.yaml", "owner: growth team\n", "")
    result = run("lint", folder)
    assert (result.exit_code, result.stdout) == (0, "0 errors, 1 warnings\n")
    assert "warning: events/signup.yaml, line 1, owner: " in result.stderr


@pytest.mark.parametrize(
    "write",
    [
        lambda events: "\n".join(map(json.dumps, events)),
        lambda events: json.dumps(events),
        lambda events: json.dumps({"batch": events, "sentAt": "2026-11-22T00:00:00Z"}, indent=2),
    ],
)
def test_a_file_of_events_is_judged_away_from_any_server(
    folder: Path, tmp_path: Path, write: Callable[[Any], str]
) -> None:
    events = [EVENT | {"properties": GOOD}, EVENT | {"properties": {}}, EVENT | {"event": "Unheard Of"}]
    (tmp_path / "events.json").write_text(write(events))
    result = run("check", folder, tmp_path / "events.json", "--json")
    assert result.exit_code == 1
    samples = json.loads(result.stdout)
    assert [sample["verdict"] for sample in samples] == ["ok", "rejected", "warning"]
    assert (samples[1]["reason"], samples[1]["pointer"]) == ("plan_violation", "/properties/order_id")
    assert [sample["number"] for sample in samples] == [1, 2, 3]
    table = run("check", folder, tmp_path / "events.json").stdout
    assert "plan_violation" in table.splitlines()[3]
    assert table.splitlines()[-1] == "1 ok, 1 rejected, 1 warning"


def test_what_comes_in_can_be_checked_and_softened(folder: Path) -> None:
    assert run("check", folder, "-", text=json.dumps(EVENT | {"properties": GOOD})).exit_code == 0
    broken = json.dumps(EVENT)
    assert run("check", folder, "-", text=broken).exit_code == 1
    softened = run("check", folder, "-", "--mode", "warn", "--json", text=broken)
    assert softened.exit_code == 0
    assert json.loads(softened.stdout)[0]["verdict"] == "warning"


def test_one_line_that_is_no_event_costs_one_verdict(folder: Path) -> None:
    good = json.dumps(EVENT | {"properties": GOOD}).encode()
    result = run("check", folder, "-", "--json", text=good + b"\nnonsense\n\xff\n[]\n\n" + good)
    samples = json.loads(result.stdout)
    assert [sample["verdict"] for sample in samples] == ["ok", "rejected", "rejected", "rejected", "ok"]
    assert [sample["event"] for sample in samples] == ["Order Completed", None, None, None, "Order Completed"]


def test_a_published_plan_is_what_the_folder_says(folder: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    result = run("publish", folder, "--project", "shop", "--data", data)
    assert (result.exit_code, result.stdout) == (0, "shop has version 1.0.0 of its plan, with 5 events\n")
    registry = Registry.open(data / "registry.sqlite", now=lambda: 0)
    stored = registry.plan("shop")
    assert stored is not None
    assert compile(Plan.from_json(stored.text)).check("track", "Order Completed", b"{}") is not None
    assert [(line.action, line.detail) for line in registry.audited()] == [
        ("plan.publish", "shop: version 1.0.0, 5 events")
    ]
    again = run("publish", folder, "--project", "shop", "--data", data, "--json")
    assert json.loads(again.stdout) == {"project": "shop", "version": "1.0.0", "number": 1}
    assert len(registry.audited()) == 1


def test_a_version_that_does_not_tell_of_the_change_is_refused(folder: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    assert run("publish", folder, "--project", "shop", "--data", data).exit_code == 0
    change(folder, "events/orders.yaml", "[order_id, total, currency]", "[order_id, total, currency, items]")
    for version, accepted in (("1.0.0", False), ("1.7.0", False), ("0.9.0", False), ("2.0.0", True)):
        change(folder, "plan.yaml", re.findall("version: [0-9.]+", (folder / "plan.yaml").read_text())[0],
               f"version: {version}")  # fmt: skip
        result = run("publish", folder, "--project", "shop", "--data", data)
        assert (result.exit_code == 0) == accepted
        assert "major: Order Completed: properties.items: required now" in result.stderr
        wanted = f"version {version} after 1.0.0 does not tell of major changes; 2.0.0 or higher would do"
        assert (wanted in result.stderr) == (not accepted)
    listed = json.loads(run("list", "--data", data, "--json").stdout)
    assert [(found["number"], found["version"]) for found in listed] == [(1, "1.0.0"), (2, "2.0.0")]
    assert "1.0.0" in run("list", "--data", data).stdout


def test_a_broken_plan_never_gets_in(folder: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    assert run("publish", folder, "--project", "shop", "--data", data).exit_code == 0
    change(folder, "plan.yaml", "version: 1.0.0", "version: 2.0.0")
    change(folder, "events/orders.yaml", "type: number", "type: numbr")
    result = run("publish", folder, "--project", "shop", "--data", data)
    assert result.exit_code == 1
    place = "events/orders.yaml, line 14, properties.properties.total.type"
    assert f"{place}: 'numbr' will not do" in result.output
    assert "version 1.0.0" in run("show", "shop", "--data", data).stdout


def test_two_plans_are_compared(folder: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    run("publish", folder, "--project", "shop", "--data", data)
    assert run("diff", "shop", folder, "--data", data).stdout == "the same\n"
    change(folder, "events/signup.yaml", "nickname]", "nickname, city]")
    result = run("diff", "shop@1.0.0", folder, "--data", data)
    assert result.stdout == (
        'minor: Signup Form: properties.field: also "city"\nneeds version 1.1.0 or higher\n'
    )
    answer = json.loads(run("diff", "shop", folder, "--data", data, "--json").stdout)
    assert answer["needs"] == "1.1.0"
    assert answer["changes"][0]["level"] == "minor"


def test_a_plan_is_shown(folder: Path) -> None:
    shown = run("show", folder).stdout
    assert re.search(
        r"^Order Completed +commerce +key +shop team +2026-11-22 +A customer has", shown, re.MULTILINE
    )
    assert json.loads(run("show", folder, "--json").stdout)["version"] == "1.0.0"


@pytest.mark.parametrize(
    ("args", "text"),
    [
        (("lint", "nowhere"), "nowhere is no folder; `sojourn plan init nowhere` makes one"),
        (("check", "nowhere", "-"), "nowhere is no folder"),
        (("show", "shop@9.9.9"), "there is no plan of shop@9.9.9; its versions are 1.0.0"),
        (("show", "other"), "there is no plan of 'other'; `sojourn plan publish` brings one"),
        (("diff", "shop", "./nowhere"), "nowhere is no folder"),
    ],
)
def test_what_is_not_there_is_named(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, args: tuple[str, ...], text: str
) -> None:
    run("publish", folder, "--project", "shop", "--data", tmp_path / "data")
    monkeypatch.chdir(tmp_path)
    more = ("--data", "data") if args[0] in ("show", "diff") else ()
    result = run(*args, *more, text="")
    assert result.exit_code == 1
    assert text in result.output


def test_a_file_that_is_no_text_is_named(folder: Path) -> None:
    (folder / "events" / "bad.yaml").write_bytes(b"\xff\xfe")
    result = run("lint", folder)
    assert result.exit_code == 1
    assert "bad.yaml is not UTF-8" in result.output
