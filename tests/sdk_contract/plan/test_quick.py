"""The typed decoders accept nothing that the schema does not, and good events of every common schema."""

import json
import re
from functools import cache
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from sdk_contract.plan.patterns import narrowed
from sdk_contract.plan.quick import Accepts, decoder
from sdk_contract.plan.schemas import validator

NAMES = st.sampled_from(["a", "b", "商品", "with space", 'quo"te', "f0"])
TEXTS = ["", "a", "bb", "P-1001", "茶叶", "x@y.zz", "a\n", "½", "٣", " ", "https://a", "null", "ab12"]
PATTERNS = [
    r"^P-\d{4}$", r"^[^@\s]+@[^@\s]+$", "^/", "^https?://", "^(a|bb|ab12)$", "^(?:a|b)?b$", r"^\w+$", r"^\S$",
    "^[a-z0-9_-]{1,3}$", "^.$", "a", "^a|b", "(a+)+$", r"^[^\d]$", "^$", "^[一-龥]+$", r"^\s*$", "^a{1,}",
]  # fmt: skip
NUMBERS = [0, 1, -1, 2, 1.0, 0.5, 1e20, 2**53, 2**53 + 1, 2**64, 10**30, -0.0, 1.5]
VALUES = st.recursive(
    st.sampled_from([None, True, False, *TEXTS, *NUMBERS]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=5,
)
OF_TEXT = st.fixed_dictionaries(
    {},
    optional={
        "minLength": st.integers(0, 3),
        "maxLength": st.integers(0, 5),
        "pattern": st.sampled_from(PATTERNS),
        "format": st.just("email"),
    },
)
BOUND = st.sampled_from([0, 1, -1, 0.5, 2**53, 2**60, 1e20])
OF_NUMBERS = st.fixed_dictionaries(
    {},
    optional=dict.fromkeys(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"), BOUND)
    | {"multipleOf": st.sampled_from([1, 2, 0.5])},
)  # fmt: skip
TYPE_NAMES = st.sampled_from(["string", "integer", "number", "boolean", "null", "array", "object"])
TYPES = st.fixed_dictionaries(
    {}, optional={"type": TYPE_NAMES | st.lists(TYPE_NAMES, min_size=1, max_size=3, unique=True)}
)
CHOICES = st.lists(st.sampled_from([None, True, *TEXTS, *NUMBERS]), min_size=1, max_size=4, unique_by=repr)


POOL: list[Any] = [None, True, False, *TEXTS, *NUMBERS]
POOL += [[], [1], ["a"], [None, "茶叶"], {}, {"a": 1}, {"b": "a"}, {"a": None, "商品": 0.5}, [["a"]]]


def merged(*dicts: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    return st.tuples(*dicts).map(lambda found: {name: part for one in found for name, part in one.items()})


def containers(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    of_objects = st.fixed_dictionaries(
        {},
        optional={
            "properties": st.dictionaries(NAMES, inner, max_size=4),
            "required": st.lists(NAMES, max_size=2, unique=True),
            "additionalProperties": st.booleans() | inner,
            "minProperties": st.just(1),
        },
    )
    of_lists = st.fixed_dictionaries(
        {}, optional={"items": inner, "minItems": st.integers(0, 2), "maxItems": st.integers(0, 3)}
    )
    combined = st.fixed_dictionaries({"anyOf": st.lists(inner, min_size=1, max_size=2)})
    return merged(TYPES, of_objects) | merged(TYPES, of_lists) | merged(TYPES, of_objects, OF_TEXT) | combined


LEAVES = (
    st.booleans()
    | merged(TYPES, OF_TEXT)
    | merged(TYPES, OF_NUMBERS)
    | merged(TYPES, st.fixed_dictionaries({"enum": CHOICES}))
    | merged(TYPES, st.fixed_dictionaries({"const": CHOICES.map(lambda values: values[0])}))
    | st.sampled_from([{"$ref": "#/$defs/d"}, {"$ref": "#/$defs/me"}, {"description": "Words."}])
)
SCHEMAS = containers(st.recursive(LEAVES, containers, max_leaves=6))
DEFS = {
    "d": {"type": ["string", "null"], "maxLength": 2},
    "me": {"type": "object", "properties": {"a": {"$ref": "#/$defs/me"}, "b": {"$ref": "#/$defs/me"}}},
}
TWICE = '{"a": "long", "a": "a"}'


@cache
def cached(schema: str) -> Accepts | None:
    return decoder(json.loads(schema))


def accepted(schema: dict[str, Any], text: str) -> bool:
    quick = cached(json.dumps(schema))
    if quick is None:
        return False
    try:
        quick(text.encode())
    except msgspec.DecodeError:
        return False
    return True


@given(SCHEMAS, st.dictionaries(NAMES, VALUES, max_size=4))
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@example({"properties": {"a": {"enum": [1]}}}, {"a": True})
@example({"properties": {"a": {"type": "number", "maximum": 2**53}}}, {"a": 2**53 + 1})
@example({"required": ["a"], "additionalProperties": False}, {"a": 1})
def test_what_is_accepted_is_good(schema: dict[str, Any], value: dict[str, Any]) -> None:
    schema = {**schema, "$defs": DEFS}
    text = json.dumps(value)
    if accepted(schema, text):
        assert validator(schema).is_valid(msgspec.json.decode(text))


@given(st.recursive(LEAVES, containers, max_leaves=2), st.booleans(), st.booleans())
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_what_is_accepted_of_one_property_is_good(schema: Any, closed: bool, needed: bool) -> None:
    whole = {"properties": {"a": schema}, "additionalProperties": not closed, "$defs": DEFS}
    whole |= {"required": ["a"]} if needed else {}
    exact = validator(whole)
    for value in [{}, {"b": 1}, *({"a": value} for value in POOL)]:
        text = json.dumps(value)
        assert exact.is_valid(msgspec.json.decode(text)) or not accepted(whole, text), text


COMMON = [
    ({}, {"anything": [1]}),
    ({"type": "object"}, {"anything": [1]}),
    ({"properties": {"a": {"type": "string", "minLength": 1}}, "required": ["a"]}, {"a": "x", "more": 1}),
    ({"properties": {"a": {"type": "number", "minimum": 0}}}, {"a": 1}),
    ({"properties": {"a": {"type": "number", "exclusiveMinimum": 0, "maximum": 9}}}, {"a": 1.5}),
    ({"properties": {"a": {"type": ["integer", "null"]}}}, {"a": None}),
    ({"properties": {"a": {"enum": ["CNY", "EUR", None]}}}, {"a": "EUR"}),
    ({"properties": {"a": {"enum": [1, 2]}}}, {"a": 2}),
    ({"properties": {"a": {"const": "x"}}, "additionalProperties": False}, {"a": "x"}),
    ({"properties": {"a": {"type": "array", "items": {"type": "string"}, "minItems": 1}}}, {"a": ["x"]}),
    ({"properties": {"a": {"type": "object", "required": ["b"]}}}, {"a": {"b": {}}}),
    ({"properties": {"a": {"$ref": "#/$defs/d"}}, "$defs": DEFS}, {"a": "ab"}),
    ({"$ref": "#/$defs/o", "$defs": {"o": {"type": "object", "required": ["a"]}}}, {"a": 1}),
    ({"properties": {"a": {"type": "string", "pattern": r"^P-\d{4}$"}}}, {"a": "P-1001"}),
    ({"properties": {"a": {"type": "string", "format": "email", "x-pii": "email"}}}, {"a": "x"}),
    ({"properties": {"a": {"type": "string", "pattern": r"^[^@\s]+@[^@\s]+$"}}}, {"a": "夏@例.cn"}),
]  # fmt: skip


@pytest.mark.parametrize(("schema", "value"), COMMON)
def test_good_events_of_common_schemas_are_accepted(schema: dict[str, Any], value: object) -> None:
    assert accepted(schema, json.dumps(value))
    assert validator(schema).is_valid(value)


def test_the_last_of_equal_names_counts_or_the_exact_check_is_asked() -> None:
    schema = {"properties": {"a": {"type": "string", "maxLength": 1}}}
    assert not accepted(schema, TWICE)
    assert not accepted(schema, '{"a": "a", "a": "long"}')


@pytest.mark.parametrize(
    "schema",
    [
        {"properties": {"a": {"$ref": "#/$defs/me"}}, "$defs": DEFS},
        {"properties": {"a": {"enum": [1.5]}}},
        {"properties": {"a": {"type": "string", "pattern": "(a+)+$"}}},
        {"properties": {"a": False}},
        {"allOf": [{"required": ["a"]}]},
        {"if": {"required": ["a"]}, "then": {"required": ["b"]}},
        {"properties": {"a": {"type": "string", "unheardOf": 1}}},
    ],
)
def test_what_types_cannot_say_is_left_to_the_exact_check(schema: dict[str, Any]) -> None:
    assert decoder(schema) is None


PIECES = st.sampled_from(
    [
        "a",
        "b",
        "[ab]",
        "[^a]",
        r"\d",
        r"[^\s@]",
        r"\w",
        ".",
        "@",
        "(a|b)",
        "(?:ab)?",
        "$",
        r"\-",
        "[a-c]",
        "茶",
    ]
)
QUANTIFIED = st.tuples(PIECES, st.sampled_from(["", "", "*", "+", "?", "{2}", "{1,2}", "{1,}"])).map("".join)


@given(
    st.lists(QUANTIFIED, max_size=4).map(lambda parts: "^" + "".join(parts)),
    st.text("ab@1 茶c-\n٣\ufeff", max_size=6),
)
@settings(max_examples=600, deadline=None)
def test_a_narrowed_pattern_finds_nothing_more(pattern: str, text: str) -> None:
    found = narrowed(pattern)
    if found is not None and re.search(found, text):
        assert validator({"pattern": pattern}).is_valid(text), (pattern, found)


def test_a_narrowed_pattern_takes_time_in_proportion() -> None:
    for pattern in ("^(a+)+$", "^a*a*a*a*b$", "^(a|a)*$", "^([a-z]+)*$"):
        found = narrowed(pattern)
        assert found is None or re.search(found, "a" * 100_000) is None
