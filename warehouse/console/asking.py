"""A question in an address, and its answer from the lake or from memory."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final
from urllib.parse import urlencode

import msgspec
from starlette.requests import Request

from warehouse.insights.asked import absolute
from warehouse.insights.kinds import Insight
from warehouse.insights.question import Answer, Question
from warehouse.insights.reading import from_texts
from warehouse.lake import Lake

# Questions of the same few seconds are one question, whose answer is kept.
_SECONDS: Final = 10_000_000


def given_in(request: Request) -> dict[str, list[str]]:
    """The texts of the question's fields; lines of a list are values of their own."""
    found: dict[str, list[str]] = {}
    for name, value in request.query_params.multi_items():
        lines = [line.strip() for line in value.replace("\r", "").split("\n") if line.strip()]
        found.setdefault(name, []).extend(lines or [""])
    return found


def address(given: Mapping[str, Sequence[str]]) -> str:
    return urlencode([(name, value) for name, values in given.items() for value in values])


async def answered(request: Request, insight: Insight, given: Mapping[str, Sequence[str]]) -> Answer:
    """The answer, from memory where the same was asked of this snapshot."""
    moment = request.app.state.now() // _SECONDS * _SECONDS
    asked: Question = absolute(from_texts(insight.question, given), moment)
    ask = remembering(request, insight, moment)
    found: Answer = await request.state.lake(lambda lake: ask(lake, asked), gone=request.is_disconnected)
    return found


def remembering(request: Request, insight: Insight, moment: int) -> Callable[[Lake, Question], Answer]:
    """Asks the lake, unless whoever has this scope was told the same of its snapshot."""
    kept, scope = request.app.state.answers, request.state.who.scope.key()

    def ask(lake: Lake, asked: Question) -> Answer:
        key = (scope, insight.name, msgspec.json.encode(asked), lake.snapshot())
        found: Answer | None = kept.get(key)
        if found is None:
            found = insight.ask(lake, asked, moment)
            kept.keep(key, found)
        return found

    return ask
