"""/openapi.json, as a running collector serves it."""

from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest

from sdk_contract.dialects.known import DIALECTS
from sdk_contract.dialects.segment import SEGMENT
from tests.collector.running import Running, running

Document = dict[str, Any]


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("door"), batch_limit=3) as found:
        yield found


@pytest.fixture(scope="module")
def document(door: Running) -> Document:
    return dict(door.client.get("/openapi.json").json())


def test_it_names_what_the_collector_serves_and_nothing_else(door: Running, document: Document) -> None:
    served = set(door.client.get("/nowhere").json()["exists"])
    routes = {route.path for dialect in DIALECTS for route in dialect.routes}
    configs = {config.path for dialect in DIALECTS for config in dialect.configs}
    assert set(document["paths"]) == served - (routes | configs) | {route.path for route in SEGMENT.routes}
    for path, methods in document["paths"].items():
        (method,) = methods
        assert door.client.request(method, path, headers={"accept": "text/plain"}).status_code not in (
            404,
            405,
        )
        assert door.client.request("PUT", path).status_code == 405


def told(document: Document, path: str, status: int) -> jsonschema_rs.Validator:
    """Checks what a path answers with a status, as the document says it."""
    ((_, operation),) = document["paths"][path].items()
    answer = operation["responses"].get(str(status), operation["responses"]["default"])
    if "$ref" in answer:
        answer = document["components"]["responses"][answer["$ref"].rpartition("/")[2]]
    schema = answer["content"]["application/json"]["schema"]
    return jsonschema_rs.validator_for({**schema, "components": document["components"]})


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/v1/batch", '{"batch":[{"type":"page","userId":"u"},{"type":"page"},7]}', 200),
        ("POST", "/v1/track", '{"event":"Paid","userId":"u"}', 200),
        ("POST", "/v1/batch", '{"batch":[1,2,3,4]}', 413),
        ("POST", "/v1/batch", "batch", 400),
        ("POST", "/v1/validate", '{"batch":[{"type":"page","userId":"u"},{"type":"page"},7]}', 200),
        ("POST", "/v1/validate?show=stored", '{"type":"page","userId":"u"}', 200),
        ("GET", "/v1/batch", "", 405),
        ("GET", "/health", "", 200),
        ("PUT", "/health", "", 405),
        ("GET", "/ready", "", 200),
        ("GET", "/live", "", 401),
    ],
)
def test_answers_are_what_it_says(
    door: Running, document: Document, method: str, path: str, body: str, status: int
) -> None:
    answer = door.client.request(method, path, content=body)
    assert answer.status_code == status
    told(document, path.partition("?")[0], status).validate(answer.json())


def test_an_unknown_key_and_an_unknown_path_are_what_it_says(door: Running, document: Document) -> None:
    unknown = door.client.post("/v1/page", json={}, auth=("wk_no", ""))
    told(document, "/v1/page", unknown.status_code).validate(unknown.json())
    nowhere = door.client.get("/nowhere")
    told(document, "/health", nowhere.status_code).validate(nowhere.json())


def test_a_slash_at_its_end_changes_nothing(door: Running, document: Document) -> None:
    answer = door.client.get("/openapi.json/")
    assert answer.headers["content-type"] == "application/json"
    assert answer.json() == document
