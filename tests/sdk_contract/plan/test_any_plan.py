"""Whatever a plan says, it can be used or is refused with a reason; nothing else happens."""

import contextlib
import json
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sdk_contract.errors import PlanError
from sdk_contract.plan import Plan, compile, lint, read_plan
from sdk_contract.plan.versions import changes

WORDS = st.sampled_from(
    ["properties", "required", "type", "items", "$ref", "#/$defs/a", "$defs", "a", "enum", "x-pii", "email",
     "additionalProperties", "const", "object", "if", "event", "form", "kind", "name", "fields", "context",
     "conversion", "value", "patternProperties", "allOf", "not", "pattern", "(", "minimum"]
)  # fmt: skip
TREES = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 2) | st.floats() | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=4),
    max_leaves=12,
)
OBJECTS = st.dictionaries(WORDS, TREES, max_size=4)


@given(OBJECTS, OBJECTS, OBJECTS, st.sampled_from([None, {"name": "f", "fields": ["a"]}]))
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_plan_is_good_or_has_problems_and_what_is_good_can_be_used(
    shared: dict[str, Any], properties: dict[str, Any], context: dict[str, Any], form: object
) -> None:
    event: dict[str, Any] = {"event": "E", "properties": properties, "context": context}
    event["conversion"] = {"value": "a"}
    event |= {"form": form, "kind": "form"} if form else {}
    head = {"version": "1.0.0", "properties": shared, "identifiers": {"a": {"path": "properties.a"}}}
    files = {"plan.yaml": yaml.safe_dump(head), "events/e.yaml": yaml.safe_dump(event)}
    if any(problem.severity == "error" for problem in lint(files)):
        return
    good = read_plan(files)
    compiled = compile(Plan.from_json(good.to_json()))
    for text in (b"", b'{"a":1}', b'{"a":{"a":[null]}}'):
        compiled.check("track", "E", text, text)
    assert changes(good, good) == []


@given(OBJECTS, st.booleans())
@settings(max_examples=80, deadline=None)
def test_a_text_becomes_a_plan_that_can_be_used_or_an_error(properties: dict[str, Any], form: bool) -> None:
    event: dict[str, Any] = {"event": "E", "properties": properties}
    if form:
        event["form"] = {"name": "f", "fields": []}
    with contextlib.suppress(PlanError):
        compile(Plan.from_json(json.dumps({"version": "1.0.0", "events": [event]})))


def test_a_text_that_is_no_plan_is_refused() -> None:

    for text in (
        "",
        "{",
        "{}",
        '{"version":"1.0.0","mode":"warn"}',
        '{"version":"1.0.0","events":[{"event":1}]}',
    ):
        with pytest.raises(PlanError, match="tracking plan as JSON: "):
            Plan.from_json(text)
