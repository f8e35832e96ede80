"""Reports in the registry: kept, made again, and which are due."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Final

import msgspec

from warehouse.boards.definition import Board
from warehouse.boards.keeping import loaded
from warehouse.registry import Registry
from warehouse.registry.alerts import Alert
from warehouse.registry.reports import KeptReport, Schedule
from warehouse.reports.calendar import Every, Span, last_whole, zone_of
from warehouse.reports.errors import BadReport
from warehouse.reports.making import Wish
from warehouse.reports.manifest import Manifest, changed, read_manifest
from warehouse.reports.page import html
from warehouse.reports.paper import pdf

_ALERTS: Final = 10_000


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
        span: Span = last_whole("month" if one.every == "month" else "week", one.timezone, now)
        if span.label not in registry.scheduled(one.id):
            found.append((one, _wish(one, span)))
    return found


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
