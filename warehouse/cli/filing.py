"""Commands for the writer of the lake: filed, obeyed here where no writer runs, and waited for."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Final

from sdk_contract.errors import SojournError
from warehouse.cli.options import now
from warehouse.cohorts import saving
from warehouse.cohorts.errors import BadCohort
from warehouse.errors import LakeLocked
from warehouse.registry import Registry
from warehouse.settings import WarehouseSettings

_ASK_EVERY_S: Final = 0.2


def obeyed(
    settings: WarehouseSettings, registry: Registry, wish: dict[str, Any], by: str, say: Callable[[str], None]
) -> dict[str, Any]:
    """What came of saving or dropping a cohort. BadCohort with the writer's words where it could not."""
    id = registry.file_command(saving.KIND, wish, by=by)
    _obey_here(settings, registry, id, say)
    while (command := registry.command(id)).finished_at is None:
        time.sleep(_ASK_EVERY_S)
    result = command.result or {}
    if command.state == "failed":
        raise BadCohort(f"command {id} (cohort) failed: {result.get('error')}")
    return result


def _obey_here(settings: WarehouseSettings, registry: Registry, id: int, say: Callable[[str], None]) -> None:
    """Where no writer runs, this program is the writer for as long as it takes."""
    from warehouse.writer import open_writer

    try:
        with open_writer(settings, registry, now=now) as writer:
            while (command := registry.next_command()) is not None and command.kind == saving.KIND:
                try:
                    done = saving.obey(writer.lake, registry, command, now=now)
                    registry.finish_command(command.id, "done", done)
                except SojournError as error:
                    registry.finish_command(command.id, "failed", {"error": str(error)})
    except LakeLocked:
        say("the running writer does it")
        return
    if registry.command(id).finished_at is None:
        raise BadCohort(f"command {id} waits behind others; `sojourn up` runs the writer that obeys them all")
