"""The OpenAPI document has every address of the API, and what it says of answers is so."""

from __future__ import annotations

import re
from typing import Any

import jsonschema_rs
import pytest
from starlette.routing import Route

from warehouse.console.app import ROUTES
from warehouse.console.described import document
from warehouse.insights.kinds import INSIGHTS

DOCUMENT = document()


def addresses() -> set[tuple[str, str]]:
    """(path, method) of each address of the API, that of the document apart."""
    found = set()
    for one in ROUTES:
        if isinstance(one, Route) and one.path.startswith("/api/") and one.path != "/api/openapi.json":
            path = re.sub(r":\w+}", "}", one.path)
            found |= {(path, method.lower()) for method in one.methods or () if method != "HEAD"}
    return found


def test_every_address_is_described() -> None:
    asked = {(path, method) for path, method in addresses() if path != "/api/insights/{name}"}
    told = {(path, method) for path, operations in DOCUMENT["paths"].items() for method in operations}
    assert told == asked | {(f"/api/insights/{name}", "post") for name in INSIGHTS}


def test_each_operation_has_a_name_and_tells_of_the_parts_of_its_path() -> None:
    operations = [(path, one) for path, methods in DOCUMENT["paths"].items() for one in methods.values()]
    names = [one["operationId"] for _, one in operations]
    assert len(set(names)) == len(names)
    for path, one in operations:
        told = {each["name"] for each in one.get("parameters", ()) if each["in"] == "path"}
        assert told == set(re.findall(r"{(\w+)}", path))


def schema_of(path: str) -> dict[str, Any]:
    """The schema of an answer, with what it names."""
    schema = DOCUMENT["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    return {**schema, "components": DOCUMENT["components"]}


@pytest.mark.parametrize(("path", "told"), [("/api/alerts/{number}", "an alert"), ("/api/tags", "[1]")])
def test_a_wrong_answer_is_seen(path: str, told: str) -> None:
    assert not jsonschema_rs.is_valid(schema_of(path), told)
