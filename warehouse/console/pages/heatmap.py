"""The heat map: a page's clicked elements as boxes, where it was clicked, and how far down it was seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, get_args

from starlette.requests import Request
from starlette.responses import Response

from sdk_contract.errors import Terminal
from warehouse.access.roles import Right
from warehouse.console.asking import address, answered, given_in
from warehouse.console.moments import cell
from warehouse.console.wireframe import squares, wireframe
from warehouse.errors import LakeMissing
from warehouse.insights.heat.heatmap import COLUMNS, Device, HeatmapAnswer, heatmap_table
from warehouse.insights.kinds import INSIGHTS

SINCE: Final = "7d"
# Squares below each other that are drawn at least: a window's.
_LEAST_ROWS: Final = 24
_ROWS: Final = 200
Given = Mapping[str, Sequence[str]]


async def page(request: Request) -> Response:
    """GET /heatmap: page, device and range to choose; the map comes by itself."""
    given = _given(request)
    shown: Response = request.app.state.pages.page(
        request,
        "heatmap.html",
        values={name: values[0] for name, values in given.items()},
        kept={
            name: values for name, values in given.items() if name not in ("page", "device", "since", "until")
        },
        devices=get_args(Device),
        address=address(given),
    )
    return shown


async def drawn(request: Request) -> Response:
    """GET /heatmap/drawn: the part with boxes, places, depths and numbers."""
    given = _given(request)
    try:
        found = await answered(request, INSIGHTS["heatmap"], given)
    except LakeMissing:
        return _part(request, "_refused.html", reason=None)
    except Terminal as error:
        return _part(request, "_refused.html", reason=str(error))
    assert isinstance(found, HeatmapAnswer)
    table = heatmap_table(found)
    places = list(squares(found.spots))
    return _part(
        request,
        "_heatmap.html",
        answer=found,
        boxes=wireframe(found.elements),
        squares=places,
        columns=COLUMNS,
        rows=max([_LEAST_ROWS, *(one.row + 1 for one in places)]),
        pages=[(one, _place(given, one.page)) for one in found.pages],
        table=table,
        shown=[[cell(value) for value in row] for row in table.rows[:_ROWS]],
        address=address(given),
        may_export=request.state.who.may(Right.EXPORT),
    )


def _given(request: Request) -> dict[str, Sequence[str]]:
    """What the address says, without what is empty; the last week where it says nothing of that."""
    found = {name: [one for one in values if one] for name, values in given_in(request).items()}
    return {"since": [SINCE], **{name: values for name, values in found.items() if values}}


def _place(given: Given, page: str) -> str:
    return f"/heatmap?{address({**given, 'page': [page]})}"


def _part(request: Request, name: str, **values: Any) -> Response:
    html: str = request.app.state.pages.part(request, name, **values)
    return Response(html, media_type="text/html; charset=utf-8")
