"""sojourn rejected and sojourn replay, run as a person runs them."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner, Result

from collector.command import Commands
from tests.warehouse.lakes import HOUR, NOON, Row, Site, event
from warehouse.cli.explain import explain
from warehouse.cli.rejected import rejected
from warehouse.cli.replay import replay
from warehouse.cli.state import check
from warehouse.secrets import Secrets

Run = Callable[..., Result]


def refused(message_id: str, **changes: Any) -> Row:
    raw = {"type": "track", "event": "Bought", "messageId": message_id, "anonymousId": "d1"}
    said = {
        "verdict": "rejected",
        "reason": "plan_violation",
        "pointer": "/properties/price",
        "expected": "number",
        "plan_version": "1",
        "event": "Bought",
        "kind": "batch",
        "library_name": "web",
        "library_version": "2.1",
        "raw": msgspec.json.encode(raw).decode(),
    }
    return event(message_id, **said | changes)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    site = Site(tmp_path)
    site.registry.create_key("shop")
    secrets = Secrets.open(site.settings.folders.secrets, site.now, os.urandom)
    sealed = secrets.vault().seal(b"what was sent")
    site.land(
        [
            event("fine"),
            refused("a"),
            refused("b", received_at=NOON + HOUR, plan_version="2", pointer="/properties/size"),
            refused("c", library_version="3.0", raw='{"type":"track"}'),
            refused(
                "s", reason="bad_envelope", event=None, raw=sealed, library_name=None, library_version=None
            ),
            event("f", verdict="filtered", reason="consent", event="Viewed"),
        ]
    )
    site.load_all()
    return site


@pytest.fixture
def run(site: Site) -> Run:
    group = Commands("sojourn", commands={"rejected": rejected, "replay": replay, "check": check})
    group.add_command(explain)

    def run(*args: str) -> Result:
        return CliRunner().invoke(group, [*args, "--data", site.settings.data], catch_exceptions=False)

    return run


def answer(result: Result) -> Any:
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_a_summary_by_event_code_and_sdk(run: Run) -> None:
    found = answer(run("rejected", "--json"))
    assert found[0] == {
        "event": "Bought",
        "code": "plan_violation",
        "verdict": "rejected",
        "sdk": "web 2.1",
        "count": 2,
        "first": "2026-11-21T12:00:00Z",
        "last": "2026-11-21T13:00:00Z",
        "pointer": "/properties/size",
        "expected": "number",
        "plan_versions": ["1", "2"],
    }
    assert [(group["code"], group["sdk"], group["count"]) for group in found[1:]] == [
        ("plan_violation", "web 3.0", 1),
        ("consent", None, 1),
        ("bad_envelope", None, 1),
    ]
    assert "plan_violation" in run("rejected").stdout


@pytest.mark.parametrize(
    ("args", "ids"),
    [
        (("--code", "plan_violation"), ["c", "b", "a"]),
        (("--sdk", "web 2.1"), ["b", "a"]),
        (("--event", "Viewed"), ["f"]),
        (("--since", "2026-11-21T12:30:00"), ["b"]),
        (("--project", "school"), []),
        (("--limit", "2"), ["f", "s"]),
    ],
)
def test_single_events_the_newest_first(run: Run, args: tuple[str, ...], ids: list[str]) -> None:
    assert [row["message_id"] for row in answer(run("rejected", "--list", "--json", *args))] == ids


def test_one_whole_and_what_was_sealed_only_for_a_reason(run: Run, site: Site) -> None:
    assert json.loads(answer(run("rejected", "--show", "a", "--json"))["raw"])["event"] == "Bought"
    assert answer(run("rejected", "--show", "5", "--json"))["message_id"] == "s"
    assert "what was sent" not in run("rejected", "--show", "s").stdout
    assert run("rejected", "--show", "s", "--reveal").exit_code == 2
    shown = run("rejected", "--show", "s", "--reveal", "--reason", "ticket 7")
    assert "what was sent" in shown.stdout
    (line,) = site.registry.audited()
    assert (line.action, json.loads(line.detail)["reason"]) == ("rejected.reveal", "ticket 7")
    missing = run("rejected", "--show", "nobody")
    assert (missing.exit_code, "no refused event 'nobody'" in missing.stderr) == (1, True)


def test_a_replay_says_what_moved_and_what_did_not_and_why(run: Run) -> None:
    tried = answer(run("replay", "--dry-run", "--json"))
    assert (tried["moved"], tried["dry_run"], tried["objects"]) == ({"plan_violation": 2}, True, [])
    done = run("replay", "--code", "plan_violation")
    assert done.exit_code == 0
    assert done.stdout.splitlines()[:2] == [
        "3 judged again, 2 moved",
        "  moved             2  had been plan_violation",
    ]
    assert "missing_field  e.g. c" in done.stdout
    again = answer(run("replay", "--json"))
    assert (again["examined"], again["moved"]) == (2, {})
    assert {one["code"] for one in again["kept"]} == {"missing_field", "bad_envelope"}
    assert answer(run("check", "--json"))["difference"] == 0
    (told,) = answer(run("explain", "a", "--json"))
    assert (told["table"], told["replayed_at"][-1]) == ("events", "Z")
    assert "-replay-" in told["replayed_by"]
    assert "-replay-" not in told["object"]


def test_a_replay_can_be_left_to_the_writer(run: Run, site: Site) -> None:
    filed = answer(run("replay", "--since", "7d", "--no-wait", "--json"))
    assert site.registry.command(filed["command"]).state == "queued"


def test_other_commands_come_first(run: Run, site: Site) -> None:
    site.registry.file_command("rebuild", {}, by="test")
    result = run("replay")
    assert (result.exit_code, "sojourn up" in result.stderr) == (1, True)


@pytest.mark.parametrize("since", ["soon", "7 days", "-1d"])
def test_a_span_that_is_none(run: Run, since: str) -> None:
    result = run("rejected", "--since", since)
    assert (result.exit_code, "7d or 2w would do" in result.stderr) == (2, True)
