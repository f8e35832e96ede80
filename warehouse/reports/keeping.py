"""Reports in the registry: kept, made again, and which are due."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Final

import msgspec

from warehouse.access.views import confine_to
from warehouse.boards.definition import Board
from warehouse.boards.keeping import loaded
from warehouse.lake import Lake
from warehouse.registry import Registry
from warehouse.registry.alerts import Alert
from warehouse.registry.reports import Failure, KeptReport, Schedule
from warehouse.reports.calendar import Every, Span, following, last_whole, zone_of
from warehouse.reports.errors import BadReport
from warehouse.reports.making import SCOPE, Wish, make
from warehouse.reports.manifest import Manifest, changed, read_manifest
from warehouse.reports.page import html
from warehouse.reports.paper import pdf

REST_US: Final = 3_600_000_000
_ALERTS: Final = 10_000


class Standing(msgspec.Struct, frozen=True):
    """A schedule: `next` is when its next report is made (µs UTC; `now` where it is due), `last` what was
    made, `failed` why it could not be made the last time.
    """

    schedule: Schedule
    next: int
    last: KeptReport | None
    failed: Failure | None


class Remade(msgspec.Struct, frozen=True):
    """Both files, made from the manifest. `same_page`, `same_paper`: byte by byte what they were at first
    (null where there is nothing to compare); `changed`: sections that are not what was answered.
    """

    page: bytes
    paper: bytes | None
    same_page: bool | None
    same_paper: bool | None
    changed: Sequence[str]
    trouble: str


def alerts_of(registry: Registry, wish: Wish) -> list[Alert]:
    """Of the span, the newest first."""
    found = registry.alerts(project=wish.project, since=wish.span.since, limit=_ALERTS)
    return [one for one in found if one.at < wish.span.until]


def prepared(manifest: Manifest, schedule: int | None = None) -> KeptReport:
    """As the registry is to keep it: with the hashes of its files, the PDF's where one can be made."""
    page = html(manifest)
    paper, _ = _paper(page)
    return KeptReport(
        id=0,
        name=manifest.name,
        label=manifest.label,
        language=manifest.language,
        manifest=manifest.text(),
        page_hash=_hash(page),
        paper_hash=None if paper is None else _hash(paper),
        made_at=0,
        made_by=manifest.made_by,
        schedule=schedule,
    )


def remake(manifest: Manifest, kept: KeptReport | None = None) -> Remade:
    """Both files again. BadReport where the manifest cannot be used."""
    page = html(manifest)
    paper, trouble = _paper(page)
    same_page = None if kept is None else _hash(page) == kept.page_hash
    comparable = kept is not None and kept.paper_hash is not None and paper is not None
    same_paper = _hash(paper or b"") == kept.paper_hash if kept is not None and comparable else None
    return Remade(page, paper, same_page, same_paper, changed(manifest), trouble)


def manifest_of(kept: KeptReport) -> Manifest:
    return read_manifest(kept.manifest)


def made(
    lake: Lake, registry: Registry, wish: Wish, by: str, now: int, schedule: int | None = None
) -> KeptReport:
    """Made and kept, as those see it who only look; confines the lake to that. `now`: µs UTC. BadReport."""
    confine_to(lake, SCOPE)
    manifest = make(lake, wish, alerts_of(registry, wish), by=by, now=now)
    return registry.keep_report(prepared(manifest, schedule))


def schedule(
    registry: Registry, board: Board, every: Every, timezone: str, language: str, project: str | None, by: str
) -> Schedule:
    """From now on a report of each week or month. BadReport."""
    zone_of(timezone)
    text = msgspec.json.encode(board).decode()
    return registry.add_schedule(Schedule(0, board.name, every, timezone, language, project, text, by, 0))


def due(registry: Registry, now: int) -> list[tuple[Schedule, Wish]]:
    """The last whole span of each schedule that has none of it yet. `now`: µs UTC."""
    found = []
    for one in registry.schedules():
        span = _last_of(one, now)
        if span.label not in registry.scheduled(one.id):
            found.append((one, _wish(one, span)))
    return found


def rested(registry: Registry, now: int) -> list[tuple[Schedule, Wish]]:
    """What is due, without what failed less than an hour ago."""
    failed = registry.report_failures()
    return [
        (one, wish)
        for one, wish in due(registry, now)
        if one.id not in failed or _again(failed[one.id], wish.span) <= now
    ]


def _again(failed: Failure, span: Span) -> int:
    return failed.at + REST_US if failed.label == span.label else 0


def standing(registry: Registry, now: int) -> list[Standing]:
    """How each schedule stands. `now`: µs UTC."""
    failed, late = registry.report_failures(), {one.id: wish.span for one, wish in due(registry, now)}
    found = []
    for one in registry.schedules():
        why, span = failed.get(one.id), late.get(one.id)
        if span is None:
            upcoming = following(_last_of(one, now), one.timezone).until
        else:
            upcoming = max(now, _again(why, span)) if why else now
        found.append(Standing(one, upcoming, registry.newest_of(one.id), why))
    return found


def _last_of(one: Schedule, now: int) -> Span:
    return last_whole("month" if one.every == "month" else "week", one.timezone, now)


def _wish(one: Schedule, span: Span) -> Wish:
    board = loaded(one.board)
    return Wish(board=board, span=span, timezone=one.timezone, language=one.language, project=one.project)


def _paper(page: bytes) -> tuple[bytes | None, str]:
    try:
        return pdf(page), ""
    except BadReport as error:
        return None, str(error)


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
