"""The sales pipeline: stages as a funnel, owners and sources, and whom to turn to next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from sdk_contract.errors import Terminal
from warehouse.console.asking import address, answered, given_in
from warehouse.errors import LakeMissing
from warehouse.insights.kinds import INSIGHTS
from warehouse.insights.sales.question import PipelineAnswer

KINDS: Final = ("deals", "leads")
RANGES: Final = ("30d", "90d", "365d", "1000d")
_USUAL: Final = {"of": ["deals"], "since": ["365d"]}
_FIELDS: Final = ("of", "since", "until", "owners", "longer", "project")
Given = Mapping[str, Sequence[str]]


async def page(request: Request) -> Response:
    """GET /pipeline?of=…&since=…&owners=…: what to look at; its numbers come by themselves."""
    given = _given(request)
    shown: Response = request.app.state.pages.page(
        request, "pipeline.html", given=_first(given), kinds=KINDS, ranges=RANGES, address=address(given)
    )
    return shown


async def drawn(request: Request) -> Response:
    """GET /pipeline/drawn: the part with the numbers, of what is in the asker's scope."""
    given = _given(request)
    try:
        found = await answered(request, INSIGHTS["pipeline"], given)
    except LakeMissing:
        return _part(request, "_refused.html", reason=None)
    except Terminal as error:
        return _part(request, "_refused.html", reason=str(error))
    assert isinstance(found, PipelineAnswer)
    most = max((one.entered for one in found.stages), default=1)
    return _part(
        request,
        "_pipeline.html",
        answer=found,
        widths=[round(100 * one.entered / max(most, 1)) for one in found.stages],
        narrowed=lambda owner: f"/pipeline?{address({**given, 'owners': [owner]})}",
        whole=f"/pipeline?{address({name: texts for name, texts in given.items() if name != 'owners'})}",
    )


def _given(request: Request) -> dict[str, Sequence[str]]:
    """What the address says; an empty field of the form is as usual."""
    asked = {name: texts for name, texts in given_in(request).items() if any(texts) and name in _FIELDS}
    return {**_USUAL, **asked}


def _first(given: Given) -> dict[str, str]:
    return {name: texts[0] for name, texts in given.items()}


def _part(request: Request, name: str, **values: object) -> Response:
    html: str = request.app.state.pages.part(request, name, **values)
    return Response(html, media_type="text/html; charset=utf-8")
