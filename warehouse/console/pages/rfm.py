"""The RFM grid: customers by how lately and how often they bought, coloured by for how much."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from sdk_contract.errors import Terminal
from warehouse.access.roles import Right
from warehouse.console.asking import address, answered, given_in
from warehouse.console.moments import cell
from warehouse.console.pages.explore import links
from warehouse.console.rfm_grid import SCORES, grid, totals
from warehouse.errors import LakeMissing
from warehouse.insights.buyers.rfm import RfmAnswer, rfm_table
from warehouse.insights.kinds import INSIGHTS
from warehouse.insights.picking import Pick

_FIELDS: Final = ("event", "value", "since", "until", "project")
Given = Mapping[str, Sequence[str]]


async def page(request: Request) -> Response:
    """GET /segments/rfm: what a purchase is and the range; the grid comes by itself."""
    given = _given(request)
    shown: Response = request.app.state.pages.page(
        request,
        "rfm.html",
        values={name: given.get(name, [""])[0] for name in _FIELDS},
        usual={field.name: field.default for field in msgspec.structs.fields(INSIGHTS["rfm"].question)},
        fields=_FIELDS,
        kept={name: values for name, values in given.items() if name not in _FIELDS},
        address=address(given),
    )
    return shown


async def drawn(request: Request) -> Response:
    """GET /segments/rfm/grid: the part with squares, segments and numbers."""
    given = _given(request)
    try:
        found = await answered(request, INSIGHTS["rfm"], {**given, "scheme": ["quintiles"]})
    except LakeMissing:
        return _part(request, "_refused.html", reason=None)
    except Terminal as error:
        return _part(request, "_refused.html", reason=str(error))
    assert isinstance(found, RfmAnswer)
    table, (by_r, by_f) = rfm_table(found), totals(found.cells)
    squares = grid(found.cells, valued=found.question.value is not None)
    return _part(
        request,
        "_rfm.html",
        answer=found,
        grid=[[(one, _place(given, found, one.r, one.f)) for one in row] for row in squares],
        by_r=[(n, _place(given, found, r, 0)) for n, r in zip(by_r, SCORES, strict=True)],
        by_f=[(n, _place(given, found, 0, f)) for n, f in zip(by_f, reversed(SCORES), strict=True)],
        whole=_place(given, found, 0, 0),
        links=links(request, "rfm", found, {**given, "scheme": ["quintiles"]}),
        table=table,
        shown=[[cell(value) for value in row] for row in table.rows],
        address=address(given),
        may_list=request.state.who.may(Right.CUSTOMERS),
        may_export=request.state.who.may(Right.EXPORT),
    )


def _given(request: Request) -> dict[str, Sequence[str]]:
    found = {name: [one for one in values if one] for name, values in given_in(request).items()}
    return {name: values for name, values in found.items() if values}


def _place(given: Given, answer: RfmAnswer, r: int, f: int) -> str:
    """Where those with these scores are listed, of this very range; 0 stands for any."""
    fixed = {**given, "since": [answer.since], "until": [answer.until]}
    pick = quote(msgspec.json.encode(Pick(r=r, f=f)))
    return f"/explore/rfm/customers?{address(fixed)}&pick={pick}"


def _part(request: Request, name: str, **values: Any) -> Response:
    html: str = request.app.state.pages.part(request, name, **values)
    return Response(html, media_type="text/html; charset=utf-8")
