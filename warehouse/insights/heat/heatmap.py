"""Heat map: which elements of a page are clicked, where, and how far down its views come."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated, Any, ClassVar, Final, Literal

from msgspec import Meta, Struct

from warehouse.insights.asked import Asked, asking
from warehouse.insights.errors import BadQuestion
from warehouse.insights.heat.places import beside, clicked, columns, kinds, path_of_depth, what
from warehouse.insights.period import span
from warehouse.insights.question import Answer, Question, require
from warehouse.insights.tables import Table, flat
from warehouse.lake import Lake
from warehouse.statements import statement

Device = Literal["all", "desktop", "tablet", "phone", "other"]
# Widths of a viewport, px, below which it is a phone's or a tablet's.
PHONE, TABLET = 600, 1024
COLUMNS: Final = 40
_MOST_ROWS, _MOST_SPOTS, _MOST_PAGES = 1_000, 4_000, 100
_LONGEST, _LABEL, _DEEPEST, _LONGEST_PAGE = 500, 80, 40, 1_000


class Heatmap(Question, frozen=True, kw_only=True):
    """What is clicked on a page, and how far down it is seen, as web SDKs tell by themselves."""

    positional: ClassVar[str] = "page"

    page: Annotated[
        str | None,
        Meta(description="Path of the page, * for anything: /teas/*; else the one with the most clicks."),
    ] = None
    device: Annotated[
        Device, Meta(description="By the width of the viewport: phone below 600 px, tablet below 1024 px.")
    ] = "all"
    rage: Annotated[
        str, Meta(description="Three clicks on one element within so long are one of rage: 2s.")
    ] = "2s"
    top: Annotated[int, Meta(description="Elements to list.")] = 100


class Element(Struct, frozen=True):
    """An element by what finds it again: its id, or its place among its like from the nearest id down.

    `share`: of all clicks on elements of the page, 0 to 1. `rage`: bursts of three clicks or more; `dead`:
    clicks of which the SDK says that nothing came; `units`: who clicked. `x`: the middle click, of the
    viewport's width, 0 to 1; `y`: px from the top of the page; null where the SDK does not tell.
    """

    element: str
    label: str | None
    href: str | None
    clicks: int
    share: float
    units: int
    rage: int
    dead: int
    x: float | None
    y: float | None


class Depth(Struct, frozen=True):
    """`views` that came at least so many `percent` down; `share`: of those of which the depth is told."""

    percent: int
    views: int
    share: float | None


class Spot(Struct, frozen=True):
    """Clicks in one square, of which 40 lie side by side over the width of the viewport."""

    column: int
    row: int
    clicks: int


class OnDevice(Struct, frozen=True):
    """What a class of devices did on the page, whichever was asked for."""

    device: str
    clicks: int
    views: int


class Page(Struct, frozen=True):
    """A page with clicks or views in the range."""

    page: str
    clicks: int
    views: int


class HeatmapAnswer(Answer, frozen=True, kw_only=True):
    """Of `page`: `clicks` (`unplaced`: those without an element), page `views`, and those of them of which
    it is told how far down they came (`measured`). `n`: units that viewed it or clicked there.
    """

    question: Heatmap
    page: str | None
    clicks: int
    unplaced: int
    views: int
    measured: int
    elements: list[Element]
    depths: list[Depth]
    spots: list[Spot]
    devices: list[OnDevice]
    pages: list[Page]

    def notes(self) -> list[str]:
        """What the table alone does not tell."""
        told = [f"{self.page}: {self.views} views, {self.clicks} clicks"] if self.page else []
        return told + [f"{one.percent} %: {one.views} of {self.measured} views" for one in self.depths]


def heatmap(lake: Lake, question: Heatmap, now: int) -> HeatmapAnswer:
    """Clicks by element, place and device; the depth of views. `now`: µs UTC. BadQuestion, UnknownName."""
    require(question, top=(1, 1_000))
    if question.page is not None and not 0 < len(question.page) <= _LONGEST_PAGE:
        raise BadQuestion(
            f"page: a path of 1 to {_LONGEST_PAGE} letters would do, such as /pricing or /teas/*"
        )
    with asking(lake, question, now) as asked:
        listed = [Page(*row) for row in asked.rows(_pages_sql(asked))]
        page = question.page or (listed[0].page if listed else None)
        sql = _sql(asked, question, page or "/")
        rows = asked.rows(sql)
        (whole,) = (row for row in rows if row[0] == 0)
        _, _, _, _, clicks, views, n, measured, unplaced, _, _ = whole
        return HeatmapAnswer(
            question=question,
            page=page,
            clicks=clicks,
            unplaced=unplaced,
            views=views,
            measured=measured,
            elements=[_element(row, clicks - unplaced) for row in rows if row[0] == 1],
            depths=[
                Depth(row[6], row[5], row[5] / measured if measured else None) for row in rows if row[0] == 2
            ],
            spots=[Spot(int(row[9]), int(row[10]), row[4]) for row in rows if row[0] == 3],
            devices=[OnDevice(row[1], row[4], row[5]) for row in rows if row[0] == 4],
            pages=listed,
            **asked.told(sql, n, n if asked.period.until <= asked.complete_us else 0),
        )


def _element(row: Sequence[Any], clicks: int) -> Element:
    _, name, label, href, times, _, units, rage, dead, x, y = row
    return Element(name, label, href, times, times / clicks if clicks else 0.0, units, rage, dead, x, y)


def _pages_sql(asked: Asked) -> str:
    """Columns: path, clicks, views."""
    happened = asked.happened({"page": "e.page_path", "what": what()}, [clicked()], owned=False)
    return statement("insights/heat/pages", happened=happened, most=_MOST_PAGES)


def _sql(asked: Asked, question: Heatmap, page: str) -> str:
    on_page, left = _matches(asked, "e.page_path", page), _matches(asked, path_of_depth(), page)
    happened = asked.happened(
        {**columns(), "page": on_page, "depth_page": left},
        [kinds(), f"({on_page} OR {beside(left)})"],
    )
    address = r"regexp_extract(address, '^[a-z]+://[^/?#]*([^?#]*)', 1)"
    device = f"device = {asked.values.bind(question.device)}" if question.device != "all" else "TRUE"
    return statement(
        "insights/heat/heatmap",
        happened=happened,
        device=device,
        of_address=_matches(asked, address, page),
        rage=span("rage", question.rage),
        top=question.top,
        phone=PHONE,
        tablet=TABLET,
        columns=COLUMNS,
        most_rows=_MOST_ROWS,
        most_spots=_MOST_SPOTS,
        longest=_LONGEST,
        label=_LABEL,
        deepest=_DEEPEST,
    )


def _matches(asked: Asked, path: str, page: str) -> str:
    """SQL: whether a path is that of the page, never null."""
    if "*" not in page:
        return f"coalesce({path} = {asked.values.bind(page)}, FALSE)"
    pattern = re.sub(r"([\\%_])", r"\\\1", page).replace("*", "%")
    return f"coalesce({path} LIKE {asked.values.bind(pattern)} ESCAPE '\\', FALSE)"


def heatmap_table(answer: HeatmapAnswer) -> Table:
    """One row an element."""
    return flat(answer.elements, Element)
