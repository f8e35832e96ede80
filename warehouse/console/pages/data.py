"""Data: do the books close, what was refused and why, what is unusual, and which plans judge."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime
from typing import Any, Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from sdk_contract.errors import Terminal
from warehouse.access.roles import Right
from warehouse.console.forms import form
from warehouse.counted import read_counted
from warehouse.errors import LakeMissing
from warehouse.lake import Lake
from warehouse.quality import Asked, quality
from warehouse.refused import Wish, summary
from warehouse.refused import listed as single
from warehouse.registry import Registry

_GROUPS: Final = 100
_ROWS: Final = 100
_DAYS: Final = {"1": 1, "7": 7, "30": 30}
_DAY: Final = 86_400_000_000
_QUALITY_DAYS: Final = 14
_COMMANDS: Final = 10


async def data(request: Request) -> Response:
    """GET /data: books, plans and commands at once; the rest comes by itself."""

    def kept(known: Any) -> dict[str, Any]:
        return {
            "counted": read_counted(known),
            "plans": [plan for plan in known.plans() if plan is not None],
            "commands": known.commands(_COMMANDS),
            "keys": [key for key in known.keys() if key.revoked_at is None],
        }

    found = await request.app.state.reader.registry(kept)
    days = request.query_params.get("days", "7")
    page: Response = request.app.state.pages.page(
        request, "data.html", days=days if days in _DAYS else "7", spans=list(_DAYS), **found
    )
    return page


async def refused(request: Request) -> Response:
    """GET /data/refused: refused events of so many days, by what was wrong with them."""
    days = _DAYS.get(request.query_params.get("days", ""), 7)
    since = request.app.state.now() - days * _DAY
    try:
        groups = await request.state.lake(lambda lake: summary(lake, Wish(since=since)))
    except LakeMissing:
        return _part(request, "_refused.html", reason=None)
    return _part(
        request,
        "_groups.html",
        groups=groups[:_GROUPS],
        more=len(groups) - _GROUPS,
        days=days,
        may_replay=request.state.who.may(Right.DECIDE),
    )


async def rows(request: Request) -> Response:
    """GET /data/refused/rows?code=…&event=…&days=…: single refused events, the newest first."""
    given = request.query_params
    days = _DAYS.get(given.get("days", ""), 7)
    wish = Wish(given.get("code") or None, request.app.state.now() - days * _DAY, given.get("event") or None)
    try:
        found = await request.state.lake(lambda lake: single(lake, wish, _ROWS))
    except LakeMissing:
        found = []
    page: Response = request.app.state.pages.page(
        request, "refused.html", found=found, most=_ROWS, code=wish.code or "", event=wish.event or ""
    )
    return page


async def unusual(request: Request) -> Response:
    """GET /data/quality: what changed in the events, the worst first."""
    moment = datetime.fromtimestamp(request.app.state.now() / 1e6, UTC)

    def ask(lake: Lake) -> Any:
        assert lake.registry is not None
        with contextlib.closing(Registry.open(lake.registry, now=request.app.state.now)) as registry:
            return quality(lake, registry, Asked(_QUALITY_DAYS, None, None), moment)

    try:
        told = await request.state.lake(ask)
    except LakeMissing:
        return _part(request, "_refused.html", reason=None)
    except Terminal as error:
        return _part(request, "_refused.html", reason=str(error))
    return _part(request, "_quality.html", told=told)


async def replay(request: Request) -> Response:
    """POST /data/replay: file the wish that refused events of a kind be judged again; the writer obeys it."""
    asked, who = await form(request), request.state.who
    days = _DAYS.get(asked.one("days"))
    if days is None or not asked.one("code"):
        raise HTTPException(400)
    wish = {
        "code": asked.one("code"),
        "event": asked.secret("event") or None,
        "since": request.app.state.now() - days * _DAY,
    }
    args = {name: value for name, value in wish.items() if value is not None}
    args["dry_run"] = asked.one("dry_run") == "yes"

    def file(known: Any) -> None:
        id = known.file_command("replay", args, by=who.name)
        known.audit(who.name, "replay", f"command {id}: {args}")

    await request.app.state.reader.registry(file)
    return RedirectResponse("/data#commands", 303)


def _part(request: Request, name: str, **values: Any) -> Response:
    html: str = request.app.state.pages.part(request, name, **values)
    return Response(html, media_type="text/html; charset=utf-8")
