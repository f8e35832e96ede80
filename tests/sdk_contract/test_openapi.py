"""The OpenAPI document says what the door does: every route, every answer, every reason."""

import json
from typing import Any

import jsonschema_rs
import msgspec
import pytest

from sdk_contract.described import Accepted, Event, Refusal
from sdk_contract.dialects.segment import SEGMENT
from sdk_contract.events import Opened
from sdk_contract.openapi import Limits, Page, Shown, document
from sdk_contract.verdicts import Judgement, Reason, Unserved, Verdict

LIMITS = Limits(32_768, 10_485_760, 2_000)


class State(msgspec.Struct):
    """How it is."""

    up: bool


PAGES = [
    Page("/state", "How it is.", {200: Shown("Well.", State), 503: Shown("Not well.", State)}),
    Page("/stream", "Goes on.", {200: Shown("Events.", None, "text/event-stream")}, token=True),
]


@pytest.fixture(scope="module")
def found() -> dict[str, Any]:
    made = document("1.2.3", [SEGMENT], "/v1/validate", PAGES, LIMITS)
    return dict(json.loads(json.dumps(made)))


def schema_of(found: dict[str, Any], path: str, method: str, status: str) -> dict[str, Any]:
    """The schema of an answer, its references where the document has them."""
    answer = found["paths"][path][method]["responses"][status]
    if "$ref" in answer:
        answer = found["components"]["responses"][answer["$ref"].rpartition("/")[2]]
    (media,) = answer["content"].values()
    return {**media["schema"], "components": found["components"]}


def test_every_route_is_there_and_nothing_else(found: dict[str, Any]) -> None:
    taking = {route.path for route in SEGMENT.routes} | {"/v1/validate"}
    assert {path for path, methods in found["paths"].items() if list(methods) == ["post"]} == taking
    assert {path for path, methods in found["paths"].items() if list(methods) == ["get"]} == {
        "/state",
        "/stream",
    }
    assert (found["openapi"], found["info"]["version"]) == ("3.1.0", "1.2.3")


def test_every_schema_is_a_schema_and_every_reference_leads_somewhere(found: dict[str, Any]) -> None:
    for schema in found["components"]["schemas"].values():
        jsonschema_rs.validator_for({**schema, "components": found["components"]})
    for name in json.dumps(found).split('"$ref": "#/components/')[1:]:
        kind, _, rest = name.partition("/")
        assert rest.partition('"')[0] in found["components"][kind]


def test_every_reason_to_refuse_stands_at_its_status(found: dict[str, Any]) -> None:
    for one in (*Reason, *Unserved):
        if one.status == 200:
            continue
        answer = found["components"]["responses"][f"Refused{one.status}"]
        assert (
            one.value
            in answer["content"]["application/json"]["schema"]["allOf"][1]["properties"]["reason"]["enum"]
        )
        assert one.text in answer["description"]


def test_what_the_dialect_answers_is_what_the_document_says(found: dict[str, Any]) -> None:
    judged = [
        Judgement(1, Verdict.REJECTED, Reason.WRONG_TYPE, "/userId", "text"),
        Judgement(2, Verdict.FILTERED, Reason.CONSENT),
        Judgement(3, Verdict.DUPLICATE, Reason.DUPLICATE),
    ]
    reply = SEGMENT.reply("batch", b"", ["a", "b", "c", "d"], judged).body
    msgspec.json.decode(reply, type=Accepted)
    valid = jsonschema_rs.validator_for(schema_of(found, "/v1/batch", "post", "200"))
    valid.validate(json.loads(reply))
    for verdict in ("lost", None):
        bad = json.loads(reply)
        bad["verdicts"][0]["verdict"] = verdict
        assert not valid.is_valid(bad)


@pytest.mark.parametrize("reason", [reason for reason in Reason if reason.status != 200])
def test_a_refusal_is_what_the_document_says(found: dict[str, Any], reason: Reason) -> None:
    body = SEGMENT.refusal(reason, "because").body
    msgspec.json.decode(body, type=Refusal)
    valid = jsonschema_rs.validator_for(schema_of(found, "/v1/track", "post", str(reason.status)))
    valid.validate(json.loads(body))
    assert not valid.is_valid({**json.loads(body), "reason": "wrong_type"})


def test_the_event_described_is_the_event_checked() -> None:
    checked = set(Opened.__struct_encode_fields__)
    assert set(Event.__struct_encode_fields__) == checked | {"writeKey"}


def test_limits_and_keys_are_told(found: dict[str, Any]) -> None:
    assert found["components"]["schemas"]["Batch"]["properties"]["batch"]["maxItems"] == 2_000
    assert "32768 bytes" in found["components"]["schemas"]["Event"]["description"]
    assert found["paths"]["/stream"]["get"]["security"] == [{"live": []}]
    assert "401" in found["paths"]["/stream"]["get"]["responses"]
    assert {} in found["paths"]["/v1/batch"]["post"]["security"]
