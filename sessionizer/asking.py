"""Asking the running writer to do something, and waiting until it has."""

import time
from collections.abc import Callable
from typing import Any

from sessionizer.errors import CommandFailed
from warehouse.registry import Registry

ASK_EVERY_S = 0.3


def ask(
    registry: Registry, kind: str, args: dict[str, Any], *, by: str, say: Callable[[str], None]
) -> dict[str, Any]:
    """What came of the command. CommandFailed with the writer's words where it could not."""
    id = registry.file_command(kind, args, by=by)
    say("the running writer does it")
    while (command := registry.command(id)).finished_at is None:
        time.sleep(ASK_EVERY_S)
    result = command.result or {}
    if command.state == "failed":
        raise CommandFailed(f"command {id} ({command.kind}) failed: {result.get('error')}")
    return result
