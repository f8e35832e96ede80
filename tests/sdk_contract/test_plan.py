import json
import re
from math import inf
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sdk_contract.errors import PlanError
from sdk_contract.plan import CompiledPlan, Plan, compile
from sdk_contract.verdicts import Fault, Reason, Verdict

PAGE = (Path(__file__).parents[2] / "docs" / "tracking-plan.md").read_text(encoding="utf-8")
EXAMPLE = PAGE.split("```yaml\n")[1].split("```")[0]
ROW = re.compile(r"^\| (?P<event>[\w ]+) \| `(?P<properties>\{.*\})` \|(?P<rest>.*)\|$", re.MULTILINE)
ROWS = [(row["event"], row["properties"], row["rest"]) for row in ROW.finditer(PAGE)]


def plan(change: tuple[str, str] = ("", "")) -> CompiledPlan:
    return compile(Plan.from_yaml(EXAMPLE.replace(*change)))


def check(compiled: CompiledPlan, name: str, properties: object) -> Fault | None:
    return compiled.check("track", name, json.dumps(properties).replace("Infinity", "1e999").encode())


def test_the_page_has_its_examples() -> None:
    assert len(ROWS) == 7


@pytest.mark.parametrize(("event", "properties", "rest"), ROWS)
def test_the_examples_of_the_page_are_true(event: str, properties: str, rest: str) -> None:
    verdict, reason, pointer, expected = (cell.strip().strip("`") for cell in rest.split("|"))
    fault = plan().check("track", event, properties.encode())
    if verdict == "ok":
        assert fault is None
        return
    assert fault is not None
    judged = fault.judge(0)
    assert (judged.verdict.value, fault.reason.value, fault.pointer) == (verdict, reason, pointer)
    assert fault.expected == expected


def test_the_error_on_the_page_is_true() -> None:
    error = PAGE.rstrip().split("```\n")[-1].removesuffix("\n```")
    with pytest.raises(PlanError) as caught:
        plan(("mode: enforce", "mode: strict"))
    assert str(caught.value) == error


BROKEN = {"order_id": "o-1", "total": "a lot"}


@pytest.mark.parametrize(
    ("mode", "unplanned", "on_violation", "on_unplanned"),
    [
        ("off", "reject", None, None),
        ("warn", "allow", Verdict.WARNING, None),
        ("warn", "warn", Verdict.WARNING, Verdict.WARNING),
        ("warn", "reject", Verdict.WARNING, Verdict.WARNING),
        ("enforce", "allow", Verdict.REJECTED, None),
        ("enforce", "warn", Verdict.REJECTED, Verdict.WARNING),
        ("enforce", "reject", Verdict.REJECTED, Verdict.REJECTED),
    ],
)
def test_modes(mode: str, unplanned: str, on_violation: Verdict | None, on_unplanned: Verdict | None) -> None:
    text = EXAMPLE.replace("mode: enforce", f"mode: {mode}").replace(
        "unplanned: warn", f"unplanned: {unplanned}"
    )
    compiled = compile(Plan.from_yaml(text))
    found = check(compiled, "Order Completed", BROKEN), check(compiled, "Unheard Of", {})
    assert [fault and fault.judge(0).verdict for fault in found] == [on_violation, on_unplanned]
    assert [fault and fault.reason for fault in found] == [
        on_violation and Reason.PLAN_VIOLATION,
        on_unplanned and Reason.UNPLANNED_EVENT,
    ]


def test_the_defaults_let_everything_in() -> None:
    compiled = compile(Plan.from_yaml("version: 1\nevents: {}"))
    assert (compiled.plan.version, compiled.plan.mode, compiled.plan.unplanned) == ("1", "warn", "allow")
    assert check(compiled, "Anything", {}) is None


def test_only_track_events_are_planned() -> None:
    strict = plan(("unplanned: warn", "unplanned: reject"))
    assert strict.check("page", "Order Completed", b"{}") is None
    assert strict.check("identify", None, b"") is None
    assert strict.check("track", "Order Completed", b"") is not None


@pytest.mark.parametrize("absent", [b"", b"null", b"{}"])
def test_absent_properties_are_an_empty_object(absent: bytes) -> None:
    fault = plan().check("track", "Order Completed", absent)
    assert fault is not None
    assert (fault.pointer, fault.expected) == ("/properties/order_id", '"order_id" is a required property')
    assert plan().check("track", "Lesson Started", absent) is None


def test_a_pointer_is_escaped_and_the_value_is_not_repeated() -> None:
    schema = "{properties: {'a/b~c': {type: object, properties: {x: {const: 1}}}}}"
    compiled = compile(Plan.from_yaml(f"version: 1\nmode: enforce\nevents: {{E: {{properties: {schema}}}}}"))
    fault = check(compiled, "E", {"a/b~c": {"x": "alice@example.com"}})
    assert fault is not None
    assert fault.pointer == "/properties/a~1b~0c/x"
    assert "alice" not in (fault.expected or "")


@pytest.mark.parametrize(
    ("old", "new", "error"),
    [
        (
            "enforce",
            "strict",
            "line 2, mode: Invalid enum value 'strict'; one of off, warn, enforce would do",
        ),
        (
            "unplanned: warn",
            "unplanned: yes",
            "line 3, unplanned: Expected `str`, got `bool`; one of allow, warn, reject",
        ),
        (
            "description: A c",
            "descr: A c",
            "line 5, events.Order Completed: Object contains unknown field `descr`; fields are",
        ),
        (
            "events:",
            "evnets:",
            "line 1, whole file: Object contains unknown field `evnets`; fields are version, events",
        ),
        ("version", "vers", "line 1, whole file: Object contains unknown field `vers`"),
        ('"2026-11-21"', "[]", "line 1, version: [] is no name for a version; text in quotes would do"),
        ('"2026-11-21"', "", "line 1, version: None is no name for a version; text in quotes would do"),
        (
            "type: number",
            "type: numbr",
            "line 12, events.Order Completed.properties.properties.total.type: 'numbr' will not do",
        ),
        ("  Lesson Started:", "  404:", "line 19, events.404: the name 404 is no text; put it in quotes"),
        ("  Lesson Started:", "  Order Completed:", "line 19: 'Order Completed' stands here twice"),
        ("type: object", "$ref: https://example.com/x", "line 7, events.Order Completed.properties: "),
        (
            "type: object",
            "$ref: '#/nope'",
            "line 7, events.Order Completed.properties: Pointer '/nope' does not exist",
        ),
        (
            "minLength: 1",
            "pattern: '(?=a)'",
            "line 11, events.Order Completed.properties.properties.order_id.pattern: ",
        ),
        (
            "minLength: 1",
            "const: 2026-01-01",
            "line 7, events.Order Completed.properties: Unsupported type: 'date'",
        ),
        ("events:", "events: 5 #", "line 5: "),
        ("version:", "\tversion:", "line 1: "),
        ("version:", "\0version:", "unacceptable character"),
        (EXAMPLE, "version: 1", "line 1, whole file: Object missing required field `events`"),
        (EXAMPLE, "", "line 1, whole file: Expected `object`, got `null`"),
        (EXAMPLE, "[1]", "line 1, whole file: Expected `object`, got `array`"),
        (EXAMPLE, "a: [1", "line 1: expected ',' or ']'"),
    ],
)
def test_a_plan_that_cannot_be_used_says_where_and_what_would_do(old: str, new: str, error: str) -> None:
    with pytest.raises(PlanError) as caught:
        plan((old, new))
    assert str(caught.value).startswith("tracking plan")
    assert error in str(caught.value)


def test_a_schema_that_refers_elsewhere_is_refused_without_asking() -> None:
    with pytest.raises(
        PlanError, match=r"a schema may only refer to itself \(#/…\), not to https://example.com/x"
    ):
        plan(("type: object", "$ref: https://example.com/x"))


def test_a_schema_may_refer_to_itself() -> None:
    schema = "{$defs: {n: {type: integer}}, properties: {a: {$ref: '#/$defs/n'}}}"
    text = f"version: 1\nevents: {{E: {{properties: {schema}}}}}"
    fault = check(compile(Plan.from_yaml(text)), "E", {"a": "x"})
    assert fault is not None
    assert fault.pointer == "/properties/a"


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
        max_leaves=5,
    )
)
@settings(max_examples=100, deadline=None)
def test_any_properties_are_good_or_have_a_fault_with_a_place(properties: object) -> None:
    fault = check(plan(), "Order Completed", {"order_id": "o", "total": properties})
    right = isinstance(properties, int | float) and not isinstance(properties, bool) and 0 <= properties < inf
    assert (fault is None) == right
    assert fault is None or fault.pointer == "/properties/total"


def test_a_number_that_nothing_can_hold_is_a_violation() -> None:
    fault = plan().check("track", "Order Completed", b'{"order_id":"o","total":' + b"9" * 5000 + b"}")
    assert fault == Fault(
        Reason.PLAN_VIOLATION, "/properties", "integers of at most 4300 digits", Verdict.REJECTED
    )
