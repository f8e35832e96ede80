"""SQL: a statement, its rows, a picture of them, and statements that were saved."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any, Final

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from sdk_contract.errors import Terminal
from warehouse.access.roles import Right
from warehouse.console.charts import bars
from warehouse.console.doors import note
from warehouse.console.files import harmless
from warehouse.console.forms import form
from warehouse.console.moments import cell
from warehouse.console.queries import Busy, Found, schema
from warehouse.errors import LakeMissing, RegistryError
from warehouse.insights.tables import Table
from warehouse.query import text

_ROWS: Final = 1_000
_BATCH: Final = 10_000
_STARTER: Final = """\
SELECT event, count(*) AS events, count(DISTINCT subject_key) AS devices
FROM events
WHERE event_day >= current_date - 7
GROUP BY ALL
ORDER BY events DESC
LIMIT 20"""


async def editor(request: Request) -> Response:
    """GET /sql: the editor; ?saved=ID or ?text=… stands in it, and is not run by itself."""
    saved = await request.app.state.reader.registry(lambda known: known.saved_queries())
    wanted = request.query_params.get("saved", "")
    chosen = next((one for one in saved if str(one.id) == wanted), None)
    written = chosen.text if chosen else request.query_params.get("text", _STARTER)
    return _page(request, written, saved, name=chosen.name if chosen else "")


async def run(request: Request) -> Response:
    """POST /sql/run: the part of the page with the first rows, or what is wrong."""
    asked = await form(request)
    sql = asked.secret("text")
    await note(request, "query", sql)
    try:
        found = await request.app.state.queries.first(sql, request.state.who.scope, _ROWS)
    except LakeMissing:
        return _part(request, "_refused.html", reason=None)
    except Busy:
        return _part(request, "_refused.html", reason="too many questions are being answered; try again soon")
    except Terminal as error:
        return _part(request, "_refused.html", reason=str(error))
    drawn = bars(Table(found.columns, [list(row) for row in found.rows]))
    return _part(
        request,
        "_rows.html",
        found=found,
        rows=[[cell(value) for value in row] for row in found.rows],
        chart=msgspec.json.encode(drawn).decode() if drawn else "",
        sql=sql,
    )


async def export(request: Request) -> Response:
    """POST /sql/file: all rows as CSV or Parquet."""
    asked = await form(request)
    sql, kind = asked.secret("text"), asked.one("kind")
    if kind not in _WRITERS:
        raise HTTPException(400)
    await note(request, "export", f"{kind} of SQL: {sql}")
    write, media = _WRITERS[kind]
    try:
        content = await request.app.state.queries.every(sql, request.state.who.scope, write)
    except Busy as error:
        raise HTTPException(503) from error
    except Terminal as error:
        return Response(str(error), 400, media_type="text/plain; charset=utf-8")
    name = {"Content-Disposition": f'attachment; filename="answer.{kind}"'}
    return Response(content, media_type=media, headers=name)


async def saved(request: Request) -> Response:
    """POST /sql/saved: keep the statement under a name, or drop one of one's own."""
    asked, who = await form(request), request.state.who
    registry = request.app.state.reader.registry
    try:
        if asked.one("drop").isdecimal():
            await registry(lambda known: known.drop_query(int(asked.one("drop")), who.name))
            return RedirectResponse("/sql", 303)
        kept = await registry(
            lambda known: known.save_query(asked.one("name"), asked.secret("text").strip(), who.name)
        )
    except RegistryError as error:
        others = await registry(lambda known: known.saved_queries())
        return _page(request, asked.secret("text"), others, reason=str(error), status=400)
    return RedirectResponse(f"/sql?saved={kept.id}", 303)


def _page(
    request: Request, written: str, kept: Any, *, name: str = "", reason: str = "", status: int = 200
) -> Response:
    page: Response = request.app.state.pages.page(
        request, "sql.html", status, text=written, saved=kept, chosen=name, reason=reason, schema=schema()
    )
    return page


def _part(request: Request, name: str, **values: Any) -> Response:
    may = request.state.who.may(Right.EXPORT)
    html: str = request.app.state.pages.part(request, name, may_export=may, **values)
    return Response(html, media_type="text/html; charset=utf-8")


def _csv(found: Found, rows: Iterator[tuple[Any, ...]]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(found.columns)
    writer.writerows([harmless(value) for value in row] for row in rows)
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def _parquet(found: Found, rows: Iterator[tuple[Any, ...]]) -> bytes:
    """Every value as text: types that differ from row to row, and such as Parquet lacks, stay readable."""
    types = pa.schema([(name, pa.string()) for name in unique(found.columns)])
    out = io.BytesIO()
    with pq.ParquetWriter(out, types) as writer:
        while batch := [row for _, row in zip(range(_BATCH), rows, strict=False)]:
            columns = zip(*batch, strict=True)
            texts = [[None if value is None else text(value) for value in column] for column in columns]
            writer.write_table(pa.table(texts, schema=types))
    return out.getvalue()


def unique(names: list[str]) -> list[str]:
    """Names that differ: the second `n` is `n_2`."""
    seen: dict[str, int] = {}
    found = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        found.append(name if seen[name] == 1 else f"{name}_{seen[name]}")
    return found


_WRITERS: Final[dict[str, tuple[Any, str]]] = {
    "csv": (_csv, "text/csv; charset=utf-8"),
    "parquet": (_parquet, "application/vnd.apache.parquet"),
}
