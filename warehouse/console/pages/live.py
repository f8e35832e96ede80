"""Live: events as they come, the refused ones beside the good, and how many in each minute."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from sdk_contract.errors import Terminal
from warehouse.access.roles import Right
from warehouse.arrived import minutes
from warehouse.console.live import ROWS, Beside, Feed
from warehouse.console.narrowed import VERDICTS, Narrowed, narrowed
from warehouse.console.pages.install import live_keys, token_of
from warehouse.console.streams import stream
from warehouse.errors import CatalogUnavailable

MINUTES: Final = 60


async def page(request: Request) -> Response:
    """GET /?event=…&user=…&key=…&sdk=…&verdict=…: the list, which fills itself from the stream."""
    if not request.state.who.may(Right.LIVE):
        return RedirectResponse("/overview", 303)
    keys = await request.app.state.reader.registry(live_keys)
    asked = narrowed(request.query_params)
    return request.app.state.pages.page(  # type: ignore[no-any-return]
        request,
        "live.html",
        rows=ROWS,
        keys=keys,
        asked=asked,
        verdicts=list(VERDICTS),
        collector=request.app.state.settings.collector_url,
        minutes=MINUTES,
    )


async def live(request: Request) -> Response:
    """GET /live: the stream behind the list and the minutes."""
    state, asked = request.app.state, narrowed(request.query_params)

    def rows(events: Sequence[dict[str, Any]]) -> str:
        text: str = state.pages.part(request, "_live_rows.html", events=events)
        return text

    async def drawn() -> str:
        return await by_minute(request, asked)

    beside = Beside("minutes", drawn)
    feed = Feed(state.collector, token_of(request), rows, state.stopping, wanted=asked.takes, beside=beside)
    return stream(feed.frames())


async def by_minute(request: Request, asked: Narrowed) -> str:
    """The last hour as the lake has it; empty before the first load, and where it cannot be told now."""
    now = request.app.state.now()
    try:
        found = await request.state.lake(lambda lake: minutes(lake, asked.wanted, now, MINUTES))
    except (Terminal, CatalogUnavailable):
        return ""
    most = max((one.ok + one.warning + one.refused for one in found), default=0)
    html: str = request.app.state.pages.part(request, "_minutes.html", found=found, most=most or 1)
    return html
