"""The OpenAPI document of the console's API: /api/openapi.json."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response

from warehouse.access.revealing import Revealed
from warehouse.cohorts.answers import Cohort
from warehouse.console import tags
from warehouse.console.alerts import Wanted
from warehouse.console.pages.reveal import Wish
from warehouse.insights.kinds import INSIGHTS
from warehouse.registry.alerts import Alert, Change
from warehouse.tags.answers import InUse

_PROJECT: Final = ("project", "string", "Of this project; may be left out where there is one.")
_IN_PATH: Final = {"number": "integer"}
_LIMIT: Final = ("limit", "integer", "So many members are listed; 100.")
_REFUSED: Final = {
    "400": {"description": "What is asked will not do: `error` says why."},
    "401": {"description": "A token is wanted."},
    "403": {"description": "Not for who asks."},
    "404": {"description": "It is not known here, or there is no lake."},
}


def _as_told(of: type[Struct], name: str, **other: Any) -> Any:
    """A struct of the registry as the API tells it: moments are ISO 8601."""
    plain = (
        (field.name, str if field.name in _MOMENTS else field.type) for field in msgspec.structs.fields(of)
    )
    return msgspec.defstruct(name, [(field, other.get(field, type)) for field, type in plain])


_MOMENTS: Final = ("at", "until", "raised_at")
_AlertTold: Final = _as_told(Alert, "AlertTold", changes=list[_as_told(Change, "ChangeTold")])  # type: ignore[misc]
_Alerts: Final = msgspec.defstruct("AlertsTold", [("alerts", list[_AlertTold])])  # type: ignore[valid-type]


class _Operation(Struct, frozen=True):
    """One address that is read, or with `body` posted to; `asks`: name, type and meaning of its fields."""

    path: str
    name: str
    summary: str
    answer: Any
    asks: Sequence[tuple[str, str, str]] = ()
    body: Any = None


def _asked(of: type[Struct]) -> Sequence[tuple[str, str, str]]:
    """The fields of an address as its struct has them."""
    schema = msgspec.json.schema(of)["$defs"][of.__name__]["properties"]
    return [(name, str(one.get("type", "string")), one["description"]) for name, one in schema.items()]


_OPERATIONS: Final = (
    _Operation("/api/tags", "tags", "The tags in use, with their sizes.", list[InUse], (_PROJECT,)),
    _Operation(
        "/api/tags/{name}",
        "tag",
        "One tag: its rule, its newest members, and how many there were by day.",
        tags.TagTold,
        (
            _PROJECT,
            _LIMIT,
            ("since", "string", "The first of its days: 30d, a day."),
            ("until", "string", "The last of its days; now."),
        ),
    ),
    _Operation(
        "/api/customers/{any_id}/tags",
        "customer_tags",
        "Which tags a customer has, since when, and by which events.",
        tags.CustomerTags,
    ),
    _Operation(
        "/api/customers/{any_id}/reveal",
        "reveal",
        "The values of a field that is hidden from who asks, for a reason that the audit log keeps.",
        Revealed,
        body=Wish,
    ),
    _Operation("/api/cohorts", "cohorts", "The saved cohorts, with their sizes.", list[Cohort]),
    _Operation(
        "/api/cohorts/{name}",
        "cohort",
        "One saved cohort, and who is and was in it.",
        tags.CohortTold,
        (_PROJECT, _LIMIT),
    ),
    _Operation("/api/alerts", "alerts", "Alerts, the newest first.", _Alerts, _asked(Wanted)),
    _Operation("/api/alerts/{number}", "alert", "One alert by its number.", _AlertTold),
)


async def described(request: Request) -> Response:
    """GET /api/openapi.json."""
    return Response(msgspec.json.encode(document()), media_type="application/json")


def document() -> dict[str, Any]:
    """OpenAPI 3.1: each insight with its question and its answer, tags, cohorts and alerts."""
    types = [type for one in INSIGHTS.values() for type in (one.question, one.answer)]
    types += [type for one in _OPERATIONS for type in (one.answer, one.body) if type is not None]
    found, components = msgspec.json.schema_components(types, ref_template="#/components/schemas/{name}")
    schemas = {_key(type): schema for type, schema in zip(types, found, strict=True)}
    paths = {f"/api/insights/{name}": _insight(name, schemas) for name in INSIGHTS}
    paths |= {one.path: _operation(one, schemas) for one in _OPERATIONS}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Sojourn", "version": "1"},
        "paths": paths,
        "components": {"schemas": components},
    }


def _key(type: Any) -> str:
    return str(type)


def _insight(name: str, schemas: Mapping[str, Any]) -> dict[str, Any]:
    one = INSIGHTS[name]
    responses = {
        "200": _answer(schemas[_key(one.answer)]),
        "400": {"description": "The question cannot be answered: `error` says why."},
        "404": {"description": "An event, field or project is not known, or there is no lake."},
        "504": {"description": "The question takes longer than it may; a smaller one would do."},
    }
    body = {"content": {"application/json": {"schema": schemas[_key(one.question)]}}}
    return {
        "post": {"summary": one.summary, "operationId": name, "requestBody": body, "responses": responses}
    }


def _operation(one: _Operation, schemas: Mapping[str, Any]) -> dict[str, Any]:
    inside = [part[1:-1] for part in one.path.split("/") if part.startswith("{")]
    fixed = [
        {"name": name, "in": "path", "required": True, "schema": {"type": _IN_PATH.get(name, "string")}}
        for name in inside
    ]
    asks = [
        {"name": name, "in": "query", "description": told, "schema": {"type": type}}
        for name, type, told in one.asks
    ]
    told: dict[str, Any] = {
        "summary": one.summary,
        "operationId": f"read_{one.name}",
        "parameters": [*fixed, *asks],
        "responses": {"200": _answer(schemas[_key(one.answer)]), **_REFUSED},
    }
    if one.body is not None:
        told["requestBody"] = {"content": {"application/json": {"schema": schemas[_key(one.body)]}}}
        return {"post": told}
    return {"get": told}


def _answer(schema: Mapping[str, Any]) -> dict[str, Any]:
    return {"description": "The answer.", "content": {"application/json": {"schema": schema}}}
