"""Requests made from /openapi.json, good and bad ones: no answer but those that it describes, and no 500."""

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import response_schema_conformance, status_code_conformance

from tests.collector.running import Running, running

ASKED = ("/v1/batch", "/v1/track", "/v1/alias", "/v1/page", "/v1/validate", "/health", "/ready", "/metrics")
CHECKS = [not_a_server_error, response_schema_conformance, status_code_conformance]


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("door"), batch_limit=50) as found:
        yield found


@pytest.mark.parametrize(
    "mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=lambda mode: mode.value
)
def test_what_the_document_allows_and_what_it_does_not_is_answered_as_it_says(
    door: Running, mode: GenerationMode
) -> None:
    schema = schemathesis.openapi.from_dict(door.client.get("/openapi.json").json())
    for found in schema.get_all_operations():
        operation: Any = found.ok()  # type: ignore[union-attr]  # the document is sound, so each is
        if operation.path not in ASKED or (mode is GenerationMode.NEGATIVE and operation.method == "get"):
            continue

        @given(case=operation.as_strategy(generation_mode=mode))
        @settings(
            max_examples=12,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        def ask(case: Any) -> None:
            case.call_and_validate(
                base_url=door.url, session=None, checks=CHECKS, auth=(door.key.secret, ""), timeout=20
            )

        ask()
