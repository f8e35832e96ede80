"""Who is behind a number of an answer: listed in pages, and kept as a cohort."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final, TypeVar

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from sdk_contract.errors import Terminal
from warehouse.cohorts.gathering import checked, of_ids
from warehouse.cohorts.saving import KIND
from warehouse.console.asking import address, given_in
from warehouse.console.forms import form
from warehouse.errors import LakeMissing
from warehouse.insights.asked import absolute
from warehouse.insights.kinds import INSIGHTS, Insight
from warehouse.insights.members import MOST_LISTED, Members, Pick, members, read_pick
from warehouse.insights.question import Answer, Question
from warehouse.insights.reading import from_texts
from warehouse.lake import Lake
from warehouse.query import text

T = TypeVar("T")
PAGE: Final = 100
Given = Mapping[str, Sequence[str]]
Ask = Callable[[int, int], tuple[Answer, Members]]


async def customers(request: Request) -> Response:
    """GET /explore/NAME/customers?…&pick=…&from=…: a page of those behind one number of the answer."""
    return await _shown(request)


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


def _wanted(request: Request) -> Wanted:
    name, given = request.path_params["name"], given_in(request)
    if name not in INSIGHTS:
        raise HTTPException(404)
    given.pop("filed", None)
    pick, start = (given.pop("pick", None) or ["{}"])[0], (given.pop("from", None) or ["0"])[0]
    return Wanted(INSIGHTS[name], given, pick, int(start[:9]) if start[:9].isdecimal() else 0)


async def _shown(request: Request, *, reason: str = "", status: int = 200) -> Response:
    wanted = _wanted(request)
    found, pick = None, Pick()
    try:
        pick = read_pick(wanted.pick)
        found = await _answered(request, wanted, lambda _, ask: ask(wanted.start, PAGE)[1])
    except LakeMissing as error:
        raise HTTPException(404) from error
    except Terminal as error:
        reason, status = reason or str(error), 400
    filed = request.query_params.get("filed", "")
    page: Response = request.app.state.pages.page(
        request,
        "picked.html",
        status,
        insight=wanted.insight,
        found=found,
        told=[(name, text(value)) for name, value in msgspec.to_builtins(pick).items()],
        answer_place=f"/explore/{wanted.insight.name}?{address(wanted.given)}",
        here_place=wanted.at(wanted.start),
        start=wanted.start,
        before=wanted.at(max(0, wanted.start - PAGE)) if wanted.start else "",
        after=wanted.at(wanted.start + PAGE) if found and found.n > wanted.start + PAGE else "",
        turned=_turned(wanted, pick),
        stopped=pick.stopped,
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


def _keys(lake: Lake, ask: Ask) -> tuple[Answer, list[int]]:
    answer, found = ask(0, MOST_LISTED)
    return answer, of_ids(lake, answer, found.ids).keys


async def _answered(request: Request, wanted: Wanted, use: Callable[[Lake, Ask], T]) -> T:
    """What `use` makes of the members; it asks for so many of them, from one on."""
    moment = request.app.state.now()
    question: Question = absolute(from_texts(wanted.insight.question, wanted.given), moment)
    pick = read_pick(wanted.pick)

    def ask(lake: Lake) -> T:
        def page(offset: int, limit: int) -> tuple[Answer, Members]:
            return members(lake, wanted.insight, question, pick, moment, offset=offset, limit=limit)

        return use(lake, page)

    found: T = await request.state.lake(ask, gone=request.is_disconnected)
    return found
