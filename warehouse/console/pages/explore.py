"""Every insight as a form, a picture, a table and its SQL, at an address that brings all of it back."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from sdk_contract.errors import Terminal
from warehouse.access.roles import Right
from warehouse.console.asking import address, answered, given_in
from warehouse.console.charts import chart
from warehouse.console.controls import Control, controls
from warehouse.console.doors import note
from warehouse.console.files import harmless
from warehouse.console.moments import cell
from warehouse.console.picks import Links, linked
from warehouse.errors import LakeMissing
from warehouse.insights.kinds import INSIGHTS, Insight
from warehouse.insights.names import event_names
from warehouse.insights.question import Answer
from warehouse.insights.tables import Table
from warehouse.query import text
from warehouse.registry.boards import KeptBoard

_ROWS: Final = 200
# In this order on the page; whatever is not named here stands at the end.
GROUPS: Final[Mapping[str, Sequence[str]]] = {
    "cockpit": ("overview",),
    "behaviour": (
        "trend",
        "funnel",
        "retention",
        "paths",
        "lifecycle",
        "stickiness",
        "engagement",
        "correlation",
        "heatmap",
    ),
    "leaks": ("dropoff", "bottleneck", "stuck"),
    "sales": ("pipeline",),
    "marketing": ("attribution", "campaigns", "campaign_effect", "action_effect"),
    "customers": ("rfm", "clusters", "clv", "churn_rules", "risk", "intent", "recommend", "overlap"),
    "watch": ("anomaly", "cause", "survey", "sentiment", "service"),
}


async def listed(request: Request) -> Response:
    """GET /explore: what can be asked."""
    grouped = {name: [one for one in names if one in INSIGHTS] for name, names in GROUPS.items()}
    rest = [name for name in INSIGHTS if all(name not in names for names in grouped.values())]
    if rest:
        grouped["more"] = rest
    page: Response = request.app.state.pages.page(request, "explore.html", groups=grouped, insights=INSIGHTS)
    return page


async def question(request: Request) -> Response:
    """GET /explore/NAME: the form; with a question in the address, its answer comes by itself.

    What a form sends has fields that are empty or as they are anyway; they are left out of the address.
    """
    insight = _insight(request)
    given = given_in(request)
    neat = _neat(controls(insight.question, {}), given)
    if request.url.query and address(neat) != address(given):
        return RedirectResponse(_place(insight, neat), 303)
    fields = controls(insight.question, given)
    page: Response = request.app.state.pages.page(
        request,
        "question.html",
        insight=insight,
        fields=fields,
        address=address(given),
        ask=_asks_enough(insight, fields, given),
    )
    return page


async def names(request: Request) -> Response:
    """GET /explore/names: events to offer while somebody types."""
    try:
        found = await request.state.lake(event_names)
    except LakeMissing:
        found = []
    return _part(request, "_names.html", names=found)


async def answer(request: Request) -> Response:
    """GET /explore/NAME/answer: the part of the page that holds the answer, or why there is none."""
    insight, given = _insight(request), given_in(request)
    try:
        found = await answered(request, insight, given)
    except LakeMissing:
        return _part(request, "_refused.html", reason=None)
    except Terminal as error:
        return _part(request, "_refused.html", reason=str(error))
    table = insight.table(found)
    drawn = chart(insight.name, found, table)
    return _part(
        request,
        "_answer.html",
        insight=insight,
        answer=found,
        table=table,
        rows=[[cell(value) for value in row] for row in table.rows[:_ROWS]],
        chart=msgspec.json.encode(drawn).decode() if drawn else "",
        address=address(given),
        boards=await _own_boards(request),
        links=links(request, insight.name, found, given),
    )


async def export(request: Request) -> Response:
    """GET /explore/NAME.csv|json|parquet|sql: the whole answer as a file."""
    insight, given = _insight(request), given_in(request)
    try:
        found = await answered(request, insight, given)
    except Terminal as error:
        return Response(msgspec.json.encode({"error": str(error)}), 400, media_type="application/json")
    kind = request.path_params["kind"]
    await note(request, "export", f"{kind} of {request.url.path}?{request.url.query}")
    content, media = _FILES[kind](insight.table(found), found)
    name = f'attachment; filename="{insight.name}.{kind}"'
    return Response(content, media_type=media, headers={"Content-Disposition": name})


def links(request: Request, name: str, answer: Answer, given: Mapping[str, Sequence[str]]) -> Links:
    """Where those behind the cells of the table are listed, for who may see customers."""
    return linked(name, answer, given, _ROWS) if request.state.who.may(Right.CUSTOMERS) else {}


async def _own_boards(request: Request) -> Sequence[KeptBoard] | None:
    """Those on which the answer can be put; None: the asker makes no boards."""
    who = request.state.who
    if not who.may(Right.SEGMENTS):
        return None
    found = await request.app.state.reader.registry(lambda known: known.boards(who.name))
    return [one for one in found if one.owner == who.name]


def _insight(request: Request) -> Insight:
    name = request.path_params["name"]
    if name not in INSIGHTS:
        raise HTTPException(404)
    return INSIGHTS[name]


def _neat(fields: Sequence[Control], given: Mapping[str, Sequence[str]]) -> dict[str, Sequence[str]]:
    """Without what is empty, and what would be so anyway."""
    usual = {one.name: one.default for one in fields}
    return {
        name: values
        for name, values in given.items()
        if any(values) and "\n".join(values) != usual.get(name, "")
    }


def _asks_enough(insight: Insight, fields: Sequence[Control], given: Mapping[str, Sequence[str]]) -> bool:
    """Whether there is a question: one that takes nothing is asked at once, one about steps is not."""
    about = next((one for one in fields if one.name == insight.question.positional), None)
    return bool(given) or about is None or bool(about.default)


def _place(insight: Insight, given: Mapping[str, Sequence[str]]) -> str:
    query = address(given)
    return f"/explore/{insight.name}" + (f"?{query}" if query else "")


def _part(request: Request, name: str, **values: Any) -> Response:
    html: str = request.app.state.pages.part(
        request, name, may_export=request.state.who.may(Right.EXPORT), **values
    )
    return Response(html, media_type="text/html; charset=utf-8")


def as_csv(table: Table, _: Answer) -> tuple[bytes, str]:
    """With a byte order mark, which spreadsheets want; what they would take for a formula is text."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(table.columns)
    writer.writerows([[harmless(value) for value in row] for row in table.rows])
    return b"\xef\xbb\xbf" + out.getvalue().encode(), "text/csv; charset=utf-8"


def as_json(_: Table, answer: Answer) -> tuple[bytes, str]:
    return msgspec.json.format(msgspec.json.encode(answer), indent=2), "application/json"


def as_sql(_: Table, answer: Answer) -> tuple[bytes, str]:
    return answer.sql.encode(), "text/plain; charset=utf-8"


def as_parquet(table: Table, _: Answer) -> tuple[bytes, str]:
    columns = {name: _column([row[n] for row in table.rows]) for n, name in enumerate(table.columns)}
    out = io.BytesIO()
    pq.write_table(pa.table(columns), out)
    return out.getvalue(), "application/vnd.apache.parquet"


def _column(values: Sequence[Any]) -> pa.Array:
    """Of one type: numbers, or else texts."""
    try:
        return pa.array(values)
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        return pa.array([None if value is None else text(value) for value in values])


_FILES: Final = {"csv": as_csv, "json": as_json, "sql": as_sql, "parquet": as_parquet}
