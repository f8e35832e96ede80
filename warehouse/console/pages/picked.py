"""Who is behind a number of an answer: listed in pages, and kept as a cohort."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeVar

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from sdk_contract.errors import Terminal
from warehouse.access.roles import Right
from warehouse.cohorts.gathering import checked, of_ids
from warehouse.cohorts.saving import KIND
from warehouse.console.asking import address, given_in, remembering
from warehouse.console.doors import note
from warehouse.console.files import harmless
from warehouse.console.forms import form
from warehouse.errors import LakeMissing
from warehouse.insights.asked import absolute
from warehouse.insights.errors import BadQuestion
from warehouse.insights.kinds import INSIGHTS, Insight
from warehouse.insights.members import MOST_LISTED, Members, members, read_pick
from warehouse.insights.picking import Pick
from warehouse.insights.question import Answer, Question
from warehouse.insights.reading import from_texts
from warehouse.lake import Lake
from warehouse.query import text

T = TypeVar("T")
PAGE: Final = 100
Given = Mapping[str, Sequence[str]]
_MEDIA: Final = {"csv": "text/csv; charset=utf-8", "json": "application/json"}
Ask = Callable[[int, int], tuple[Answer, Members]]


async def customers(request: Request) -> Response:
    """GET /explore/NAME/customers?…&pick=…&from=…: which number it is; those behind it come by themselves."""
    return await _shown(request)


async def listing(request: Request) -> Response:
    """GET /explore/NAME/customers/list: the part with a page of them."""
    wanted, may = _wanted(request), request.state.who.may
    try:
        found = await _answered(request, wanted, lambda _, ask: ask(wanted.start, PAGE)[1])
    except LakeMissing:
        return _part(request, "_refused.html", reason=None)
    except Terminal as error:
        return _part(request, "_refused.html", reason=str(error))
    return _part(
        request,
        "_picked.html",
        found=found,
        start=wanted.start,
        here_place=wanted.at(wanted.start),
        files=[(kind.upper(), wanted.file(kind)) for kind in _MEDIA] if may(Right.EXPORT) else [],
        before=wanted.at(max(0, wanted.start - PAGE)) if wanted.start else "",
        after=wanted.at(wanted.start + PAGE) if found.n > wanted.start + PAGE else "",
    )


async def export(request: Request) -> Response:
    """GET /explore/NAME/customers.csv|json: the ids of all of them as a file."""
    kind, wanted = request.path_params["kind"], _wanted(request)
    if kind not in ("csv", "json"):
        raise HTTPException(404)
    try:
        found = await _answered(request, wanted, lambda _, ask: _whole(ask)[1])
    except LakeMissing as error:
        raise HTTPException(404) from error
    except Terminal as error:
        return Response(msgspec.json.encode({"error": str(error)}), 400, media_type="application/json")
    await note(request, "export", f"{kind} of {request.url.path}?{request.url.query}")
    rows = "\n".join([found.unit, *map(harmless, found.ids), ""])
    content = rows.encode() if kind == "csv" else msgspec.json.encode(found)
    named = {"Content-Disposition": f'attachment; filename="{wanted.insight.name}-customers.{kind}"'}
    return Response(content, headers=named, media_type=_MEDIA[kind])


async def keep(request: Request) -> Response:
    """POST to the same address: a command for the writer, to save all of them as a cohort."""
    asked, wanted = await form(request), _wanted(request)
    try:
        name = checked(asked.one("name"))
        answer, keys = await _answered(request, wanted, _keys)
    except LakeMissing as error:
        raise HTTPException(404) from error
    except Terminal as error:
        return await _shown(request, reason=str(error), status=400)
    wish = {
        "project": answer.project,
        "cohort": name,
        "description": f"{wanted.insight.name}, {answer.since} to {answer.until}: {wanted.pick}"[:500],
        "keys": keys,
    }
    who = request.state.who.name
    filed = await request.app.state.reader.registry(lambda known: known.file_command(KIND, wish, by=who))
    return RedirectResponse(wanted.at(wanted.start, filed=str(filed)), 303)


class Wanted(msgspec.Struct, frozen=True):
    """What the address asks for: the question's texts, the text of a pick, and from whom on to list."""

    insight: Insight
    given: Given
    pick: str
    start: int

    def at(self, start: int, **more: str) -> str:
        fields = {**self.given, "pick": [self.pick], "from": [str(start)]}
        return f"/explore/{self.insight.name}/customers?{address(fields | {k: [v] for k, v in more.items()})}"

    def file(self, kind: str) -> str:
        """Where all of them are as a file."""
        fields = {**self.given, "pick": [self.pick]}
        return f"/explore/{self.insight.name}/customers.{kind}?{address(fields)}"


def _wanted(request: Request) -> Wanted:
    name, given = request.path_params["name"], given_in(request)
    if name not in INSIGHTS:
        raise HTTPException(404)
    given.pop("filed", None)
    pick, start = (given.pop("pick", None) or ["{}"])[0], (given.pop("from", None) or ["0"])[0]
    return Wanted(INSIGHTS[name], given, pick, int(start[:9]) if start[:9].isdecimal() else 0)


async def _shown(request: Request, *, reason: str = "", status: int = 200) -> Response:
    wanted, pick = _wanted(request), None
    try:
        pick = read_pick(wanted.pick)
    except BadQuestion as error:
        reason, status = reason or str(error), 400
    filed = request.query_params.get("filed", "")
    page: Response = request.app.state.pages.page(
        request,
        "picked.html",
        status,
        insight=wanted.insight,
        told=[(name, text(value)) for name, value in msgspec.to_builtins(pick).items()] if pick else [],
        answer_place=f"/explore/{wanted.insight.name}?{address(wanted.given)}",
        list_place=wanted.at(wanted.start).replace("/customers?", "/customers/list?", 1) if pick else "",
        turned=_turned(wanted, pick) if pick else "",
        stopped=pick is not None and pick.stopped,
        reason=reason,
        filed=filed if filed.isdecimal() else "",
    )
    return page


def _turned(wanted: Wanted, pick: Pick) -> str:
    """Of a funnel: those who went no further, or all who came so far."""
    if wanted.insight.name != "funnel":
        return ""
    other = msgspec.json.encode(msgspec.structs.replace(pick, stopped=not pick.stopped)).decode()
    return msgspec.structs.replace(wanted, pick=other).at(0)


def _whole(ask: Ask) -> tuple[Answer, Members]:
    """All of them. BadQuestion where they are too many."""
    answer, found = ask(0, MOST_LISTED)
    if found.n > MOST_LISTED:
        raise BadQuestion(f"there are {found.n}; {MOST_LISTED} can be taken along: a filter would do")
    return answer, found


def _keys(lake: Lake, ask: Ask) -> tuple[Answer, list[int]]:
    answer, found = _whole(ask)
    return answer, of_ids(lake, answer, found.ids).keys


async def _answered(request: Request, wanted: Wanted, use: Callable[[Lake, Ask], T]) -> T:
    """What `use` makes of the members; it asks for so many of them, from one on."""
    moment = request.app.state.now()
    question: Question = absolute(from_texts(wanted.insight.question, wanted.given), moment)
    pick, told = read_pick(wanted.pick), remembering(request, wanted.insight, moment)

    def ask(lake: Lake) -> T:
        def page(offset: int, limit: int) -> tuple[Answer, Members]:
            return members(lake, wanted.insight.name, question, pick, told, offset=offset, limit=limit)

        return use(lake, page)

    found: T = await request.state.lake(ask, gone=request.is_disconnected)
    return found


def _part(request: Request, name: str, **values: Any) -> Response:
    html: str = request.app.state.pages.part(request, name, **values)
    return Response(html, media_type="text/html; charset=utf-8")
