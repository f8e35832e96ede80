"""The insights as JSON: /api/insights/NAME, asked by fields of the address or by a JSON body."""

from __future__ import annotations

import time
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from sdk_contract.errors import Terminal
from warehouse.console.errors import TakesTooLong
from warehouse.errors import LakeMissing
from warehouse.insights.asked import absolute
from warehouse.insights.errors import BadQuestion, UnknownName, unknown
from warehouse.insights.kinds import INSIGHTS, Insight
from warehouse.insights.question import Question
from warehouse.insights.reading import from_json, from_texts
from warehouse.lake import Lake

_LONGEST_BODY = 1 << 20


def now() -> int:
    """Microseconds UTC: the one place of this page where the clock is read."""
    return time.time_ns() // 1000


async def answer(request: Request) -> Response:
    """GET with the question's fields in the address, or POST with the question as JSON."""
    try:
        insight = _insight(request.path_params["name"])
        question = await _question(request, insight)
        found = await request.state.lake(_asking(insight, question), gone=request.is_disconnected)
    except (LakeMissing, UnknownName) as error:
        return _json({"error": str(error)}, 404)
    except TakesTooLong as error:
        return _json({"error": str(error)}, 504)
    except Terminal as error:
        return _json({"error": str(error)}, 400)
    return _json(found, 200)


def _insight(name: str) -> Insight:
    if name not in INSIGHTS:
        raise unknown("insight", name, INSIGHTS)
    return INSIGHTS[name]


async def _question(request: Request, insight: Insight) -> Question:
    if request.method == "POST":
        body = bytearray()
        async for chunk in request.stream():
            body += chunk
            if len(body) > _LONGEST_BODY:
                raise BadQuestion(f"the question has more than {_LONGEST_BODY} bytes; a shorter one would do")
        return from_json(insight.question, bytes(body))
    given: dict[str, list[str]] = {}
    for name, value in request.query_params.multi_items():
        given.setdefault(name, []).append(value)
    return from_texts(insight.question, given)


def _asking(insight: Insight, question: Question) -> Any:
    moment = now()

    def ask(lake: Lake) -> Any:
        return insight.ask(lake, absolute(question, moment), moment)

    return ask


def _json(value: Any, status: int) -> Response:
    return Response(msgspec.json.encode(value), status, media_type="application/json")
