"""Reports that the console makes: at once for a page, and by itself what schedules want."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import Final

import structlog
from starlette.applications import Starlette

from sdk_contract.errors import SojournError
from warehouse.console.reader import Reader
from warehouse.errors import LakeMissing
from warehouse.lake import Lake
from warehouse.registry.reports import KeptReport
from warehouse.reports import keeping
from warehouse.reports.making import SCOPE, Wish, make
from warehouse.reports.manifest import Manifest

log = structlog.get_logger()
LOOK_EVERY_S: Final = 60.0


async def make_report(
    reader: Reader, wish: Wish, by: str, now: Callable[[], int], schedule: int | None = None
) -> KeptReport:
    """Asked with the masks of those who only look, whoever asks. BadReport, LakeMissing, TakesTooLong."""
    alerts = await reader.registry(lambda known: keeping.alerts_of(known, wish))
    moment = now()

    def ask(lake: Lake) -> Manifest:
        return make(lake, wish, alerts, by=by, now=moment)

    manifest = await reader.lake(ask, SCOPE)
    one = await asyncio.to_thread(keeping.prepared, manifest, schedule)
    return await reader.registry(lambda known: known.keep_report(one))


async def make_due(reader: Reader, now: Callable[[], int]) -> int:
    """How many were made. Why one was not is kept, and it is left alone for an hour."""
    made = 0
    for one, wish in await reader.registry(lambda known: keeping.rested(known, now())):
        try:
            await make_report(reader, wish, one.made_by, now, one.id)
            made += 1
        except LakeMissing:
            return made
        except SojournError as error:
            await _note(reader, one.id, wish.span.label, str(error))
    return made


async def _note(reader: Reader, schedule: int, label: str, reason: str) -> None:
    log.warning("report not made", schedule=schedule, span=label, error=reason)
    await reader.registry(lambda known: known.report_failed(schedule, label, reason))


async def keep_making(app: Starlette) -> None:
    """Looks what is due, until the console stops."""
    stopping: asyncio.Event = app.state.stopping
    while not stopping.is_set():
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stopping.wait(), LOOK_EVERY_S)
            return
        try:
            await make_due(app.state.reader, app.state.now)
        except Exception as error:  # the next look may find what this one could not
            log.error("reports not looked at", error=repr(error))
