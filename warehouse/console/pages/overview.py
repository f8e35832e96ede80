"""The cockpit: visits and what came of them, beside the period before; every bar narrows what is shown."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from sdk_contract.errors import Terminal
from warehouse.console.asking import address, answered, given_in
from warehouse.console.charts import chart
from warehouse.errors import LakeMissing
from warehouse.insights.filters import Filter
from warehouse.insights.kinds import INSIGHTS
from warehouse.insights.overview import Numbers, OverviewAnswer
from warehouse.insights.wording import filters

RANGES: Final = ("1d", "7d", "28d", "90d")
REFRESH_S: Final = 60
# What a card shows: the number, and whether more of it is good.
_CARDS: Final = (
    ("visitors", 1), ("visits", 1), ("customers", 1), ("conversion", 1), ("revenue", 1), ("bounce_rate", -1),
    ("seconds", 1), ("pages", 1),
)  # fmt: skip
_SHARES: Final = ("conversion", "bounce_rate")
Given = Mapping[str, Sequence[str]]


class Card(msgspec.Struct, frozen=True):
    """A number, its change against the period before (0.1: more by a tenth), and whether that is good."""

    name: str
    shown: str
    unit: str
    change: float | None
    good: bool


class Line(msgspec.Struct, frozen=True):
    """A value of a field: its visits, their share of the greatest in percent, where it alone is shown, and
    where Explore asks on.
    """

    label: str | None
    visits: int
    conversion: float | None
    share: int
    place: str
    explore: str


async def overview(request: Request) -> Response:
    """GET /overview: the range and the filters; the numbers come by themselves, and again each minute."""
    given = given_in(request)
    kept = list(given.get("where", ()))
    page: Response = request.app.state.pages.page(
        request,
        "overview.html",
        ranges=[(one, _place(given, since=[one], until=[])) for one in RANGES],
        since=(given.get("since") or ["7d"])[0],
        until=(given.get("until") or [""])[0],
        kept={name: values for name, values in given.items() if name not in ("since", "until")},
        filters=[(one, _place(given, where=[other for other in kept if other != one])) for one in kept],
        address=address(given),
        refresh=REFRESH_S,
        wall="wall" in given,
        wall_place=_place(given, wall=[] if "wall" in given else ["1"]),
    )
    return page


async def numbers(request: Request) -> Response:
    """GET /overview/numbers: the part with cards, picture and lists."""
    given = given_in(request)
    asked = {"since": ["7d"], **{name: values for name, values in given.items() if name != "wall"}}
    try:
        found = await answered(request, INSIGHTS["overview"], asked)
    except LakeMissing:
        return _part(request, "_refused.html", reason=None)
    except Terminal as error:
        return _part(request, "_refused.html", reason=str(error))
    assert isinstance(found, OverviewAnswer)
    return _part(
        request,
        "_overview.html",
        answer=found,
        cards=cards(found),
        chart=msgspec.json.encode(chart("overview", found, None)).decode(),
        lists=[(field, lines(found, field, given)) for field in found.question.by],
        address=address(asked),
    )


def cards(answer: OverviewAnswer) -> list[Card]:
    return [_card(name, direction, answer) for name, direction in _CARDS]


def _card(name: str, direction: int, answer: OverviewAnswer) -> Card:
    now, before = getattr(answer.now, name), getattr(answer.before, name)
    change = None if now is None or not before else now / before - 1
    unit = (answer.currency or "") if name == "revenue" else ""
    return Card(name, _shown(name, now), unit, change, (change or 0) * direction >= 0)


def _shown(name: str, value: float | None) -> str:
    if value is None:
        return "–"
    if name in _SHARES:
        return f"{value:.1%}"
    if name == "seconds":
        return f"{int(value) // 60}:{int(value) % 60:02d}"
    return f"{value:,.0f}"


def lines(answer: OverviewAnswer, field: str, given: Given) -> list[Line]:
    parts = [one for one in answer.parts if one.field == field]
    most = max((one.numbers.visits for one in parts), default=0) or 1
    return [_line(field, one.value, one.numbers, most, given) for one in parts]


def _line(field: str, value: str | None, numbers: Numbers, most: int, given: Given) -> Line:
    wanted = f"{field} is not set" if value is None else f"{field} = {json.dumps(value, ensure_ascii=False)}"
    before = list(given.get("where", ()))
    narrowed = before if wanted in before else [*before, wanted]
    place = _place(given, where=narrowed)
    share = round(100 * numbers.visits / most)
    return Line(value, numbers.visits, numbers.conversion, share, place, _explored(given, narrowed))


def _explored(given: Given, narrowed: Sequence[str]) -> str:
    """Explore's trend of the same visitors, where every number has its customers."""
    asked = {
        name: given[name] for name in ("project", "since", "until", "timezone") if any(given.get(name, ()))
    }
    where = [of_visit(one) for one in narrowed]
    return f"/explore/trend?{address({'measure': ['units'], 'since': ['7d'], **asked, 'where': where})}"


def of_visit(text: str) -> str:
    """A filter of the overview, whose fields are those of visits, as other questions write it."""
    return " and ".join(_of_visit(one) for one in filters(text))


def _of_visit(one: Filter) -> str:
    head = "" if one.field.startswith(("session.", "tag", "cohort")) else "session."
    value = "" if one.op.endswith("set") else f" {_written(one.value)}"
    return f"{head}{one.field} {one.op}{value}"


def _written(value: Any) -> str:
    if isinstance(value, tuple):
        return f"({', '.join(map(_written, value))})"
    return json.dumps(value, ensure_ascii=False)


def _place(given: Given, **changes: Sequence[str]) -> str:
    """The same page with other fields of its address."""
    query = address({name: values for name, values in {**given, **changes}.items() if any(values)})
    return f"/overview?{query}" if query else "/overview"


def _part(request: Request, name: str, **values: Any) -> Response:
    html: str = request.app.state.pages.part(request, name, **values)
    return Response(html, media_type="text/html; charset=utf-8")
