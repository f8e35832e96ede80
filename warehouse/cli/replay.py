"""sojourn replay: refused events judged again by the rules that hold now."""

from __future__ import annotations

import sys
import time
from collections import Counter
from typing import Any

import click

from warehouse.cli.options import chosen, data_option, json_option, now, open_registry, print_json
from warehouse.cli.since import Since, moment_of
from warehouse.errors import LakeLocked, ReplayFailed
from warehouse.registry import Command, Registry
from warehouse.settings import WarehouseSettings

ASK_EVERY_S = 0.2
_KIND = "replay"


@click.command()
@click.option("--code", help="Only what was refused for this reason, such as plan_violation.")
@click.option("--since", type=Since(), help="Only what was received since: 6h, 7d, 2026-11-21.")
@click.option("--event", help="Only events of this name.")
@click.option("--project", help="Only events of this project.")
@click.option("--key", "key_id", help="Only events that came with this write key (k_...).")
@click.option("--dry-run", is_flag=True, help="Say what would move, and move nothing.")
@click.option("--wait/--no-wait", default=True, show_default=True, help="Wait until it is done.")
@data_option
@json_option
def replay(
    code: str | None, since: int | None, event: str | None, project: str | None, key_id: str | None,
    dry_run: bool, wait: bool, data: str | None, as_json: bool,
) -> None:  # fmt: skip
    """Judge refused events again and move what is valid now from `rejected` into `events`.

    They are judged by the newest tracking plan, and by the key's rules, suppressions and consent of now.
    What is still refused stays. Running it again moves nothing twice.
    """
    settings = chosen(data)
    registry = open_registry(settings)
    asked = {
        "code": code, "since": moment_of(since, now()), "event": event, "project": project, "key": key_id,
    }  # fmt: skip
    args = {name: value for name, value in asked.items() if value is not None} | {"dry_run": dry_run}
    id = registry.file_command(_KIND, args, by="replay")
    if not wait:
        _print({"command": id}, as_json)
        return
    _obey_here(settings, registry, id)
    _print(_followed(registry, id), as_json)


def _obey_here(settings: WarehouseSettings, registry: Registry, id: int) -> None:
    """Where no writer runs, this program is the writer for as long as it takes."""
    from warehouse.replaying import obey_filed
    from warehouse.writer import open_writer

    try:
        with open_writer(settings, registry, now=now) as writer:
            while writer.load().objects:
                pass
            obey_filed(writer, registry, now=now)
    except LakeLocked:
        return
    if registry.command(id).finished_at is None:
        raise ReplayFailed(
            "other commands are filed before this one; `sojourn up` runs the writer that obeys them"
        )


def _followed(registry: Registry, id: int) -> dict[str, Any]:
    """What came of a command and of those that went on with it."""
    total: dict[str, Any] = {}
    following: int | None = id
    while following is not None:
        result = _result(_finished(registry, following, total))
        total = _sum(total, result)
        following = result.get("next")
    _progress("")
    return total


def _finished(registry: Registry, id: int, total: dict[str, Any]) -> Command:
    while (command := registry.command(id)).finished_at is None:
        moved = sum(total.get("moved", {}).values())
        _progress(f"{total.get('examined', 0):,} events judged again, {moved:,} moved")
        time.sleep(ASK_EVERY_S)
    return command


def _result(command: Command) -> dict[str, Any]:
    result = command.result or {}
    if command.state == "failed":
        raise ReplayFailed(f"command {command.id} (replay) failed: {result.get('error')}")
    return result


def _sum(total: dict[str, Any], result: dict[str, Any]) -> dict[str, Any]:
    kept = {one["code"]: dict(one) for one in total.get("kept", [])}
    for one in result["kept"]:
        known = kept.setdefault(one["code"], {**one, "events": 0})
        known["events"] += one["events"]
    counts = {name: total.get(name, 0) + result[name] for name in ("examined", "stored", "duplicate")}
    moved = Counter(total.get("moved", {})) + Counter(result["moved"])
    objects = [*total.get("objects", []), *([result["object"]] if result["object"] else [])]
    return {
        **counts,
        "moved": dict(moved),
        "kept": sorted(kept.values(), key=lambda one: -one["events"]),
        "objects": objects,
        "dry_run": result["dry_run"],
    }


def _progress(text: str) -> None:
    if sys.stderr.isatty():
        click.echo(f"\r\x1b[K{text}", nl=False, err=True)


def _print(answer: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print_json(answer)
    elif "command" in answer:
        click.echo(f"command {answer['command']} is filed; the writer does it")
    else:
        _print_lines(answer)


def _print_lines(answer: dict[str, Any]) -> None:
    moved = sum(answer["moved"].values())
    verb = "would move" if answer["dry_run"] else "moved"
    click.echo(f"{answer['examined']:,} judged again, {moved:,} {verb}")
    for code, events in sorted(answer["moved"].items()):
        click.echo(f"  {verb:<10} {events:>8,}  had been {code}")
    if answer["duplicate"]:
        click.echo(f"  of these, {answer['duplicate']:,} had come again meanwhile and are duplicates")
    for one in answer["kept"]:
        why = " ".join(filter(None, (one["pointer"], one["expected"] and f"expected {one['expected']}")))
        example = f"  e.g. {one['message_id']} {why}" if one["message_id"] else ""
        click.echo(f"  {'stay':<10} {one['events']:>8,}  {one['code']}{example}".rstrip())
