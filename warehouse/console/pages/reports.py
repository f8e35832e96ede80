"""Reports: those that were made with their files, making one, and what is made regularly."""

from __future__ import annotations

import asyncio
from typing import Any, Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from sdk_contract.errors import Terminal
from warehouse.boards.definition import Board
from warehouse.boards.keeping import loaded
from warehouse.console.doors import note
from warehouse.console.forms import Form, form
from warehouse.console.reporting import make_report
from warehouse.console.texts import LANGUAGES
from warehouse.errors import LakeMissing, RegistryError
from warehouse.registry import Registry
from warehouse.reports import keeping
from warehouse.reports.calendar import Every, last_whole, named
from warehouse.reports.errors import BadReport
from warehouse.reports.making import Wish, shipped, shipped_board
from warehouse.reports.manifest import Manifest
from warehouse.reports.page import html
from warehouse.reports.paper import pdf

_MEDIA: Final = {"html": "text/html; charset=utf-8", "pdf": "application/pdf", "json": "application/json"}


async def reports(request: Request) -> Response:
    """GET /reports: what was made, with its files."""
    return await _listed(request)


async def _listed(request: Request, *, reason: str = "", status: int = 200) -> Response:
    name, now = request.state.who.name, request.app.state.now()

    def kept(known: Registry) -> Any:
        projects = sorted({key.project for key in known.keys()})
        return known.reports(), keeping.standing(known, now), known.boards(name), projects

    made, schedules, boards, projects = await request.app.state.reader.registry(kept)
    page: Response = request.app.state.pages.page(
        request,
        "reports.html",
        status,
        reports=made,
        schedules=schedules,
        boards=boards,
        projects=projects,
        templates=shipped(),
        languages=LANGUAGES,
        reason=reason,
        now=now,
    )
    return page


async def change(request: Request) -> Response:
    """POST /reports: make one, make it regularly, or drop a report or a schedule."""
    asked = await form(request)
    try:
        await _do(request, asked)
    except (LakeMissing, Terminal) as error:
        return await _listed(request, reason=str(error), status=400)
    return RedirectResponse("/reports", 303)


async def _do(request: Request, asked: Form) -> None:
    registry, by = request.app.state.reader.registry, request.state.who.name
    match asked.one("do"):
        case "drop":
            number = _number(asked)
            await registry(lambda known: known.drop_report(number, by))
        case "unschedule":
            number = _number(asked)
            await registry(lambda known: known.drop_schedule(number, by))
        case "schedule":
            board, every = await _source(request, asked), _every(asked)
            told = (asked.one("timezone") or "UTC", _language(asked), asked.one("project") or None, by)
            await registry(lambda known: keeping.schedule(known, board, every, *told))
        case _:
            wish = await _wish(request, asked)
            await make_report(request.app.state.reader, wish, by, request.app.state.now)


async def _wish(request: Request, asked: Form) -> Wish:
    timezone, label = asked.one("timezone") or "UTC", asked.one("label")
    now = request.app.state.now()
    return Wish(
        board=await _source(request, asked),
        span=named(label, timezone) if label else last_whole(_every(asked), timezone, now),
        timezone=timezone,
        language=_language(asked),
        project=asked.one("project") or None,
    )


async def _source(request: Request, asked: Form) -> Board:
    """The template, or the board that the asker may see."""
    kind, _, which = asked.one("source").partition(":")
    if kind == "template":
        return shipped_board(which)
    if not which.isdecimal() or len(which) > 9:
        raise BadReport(f"source {asked.one('source')[:40]!r}: a template or a board would do")
    name = request.state.who.name
    return loaded(await request.app.state.reader.registry(lambda known: known.board(int(which), name)))


def _every(asked: Form) -> Every:
    return "month" if asked.one("every") == "month" else "week"


def _language(asked: Form) -> str:
    return asked.one("language") if asked.one("language") in LANGUAGES else "en"


def _number(asked: Form) -> int:
    text = asked.one("number")
    if not text.isascii() or not text.isdecimal() or len(text) > 9:
        raise BadReport(f"number {text[:20]!r}: that of a report would do")
    return int(text)


async def file(request: Request) -> Response:
    """GET /reports/NO/html|pdf|json: one file, made from the manifest."""
    number, kind = request.path_params["number"], request.path_params["kind"]
    try:
        kept = await request.app.state.reader.registry(lambda known: known.report(number))
    except RegistryError as error:
        raise HTTPException(404) from error
    if kind not in _MEDIA:
        raise HTTPException(404)
    await note(request, "export", f"{kind} of report {number}")
    if kind == "json":
        return _file(kept.manifest.encode(), f"report-{number}.json", kind)
    try:
        content = await asyncio.to_thread(_made, keeping.manifest_of(kept), kind)
    except BadReport as error:
        return Response(f"{error}\n", 501, media_type="text/plain; charset=utf-8")
    return _file(content, f"report-{number}.{kind}", kind)


def _made(manifest: Manifest, kind: str) -> bytes:
    page = html(manifest)
    return page if kind == "html" else pdf(page)


def _file(content: bytes, name: str, kind: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, media_type=_MEDIA[kind], headers=headers)
