"""Cleaning inside a JSON text: only what the plan names changes, and what it was is told."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdk_contract.cleaning import clean_properties

KINDS = {
    ("price",): "number",
    ("currency",): "currency",
    ("address", "region"): "region",
    ("items", "*", "price"): "number",
    ("tags", "*"): "text",
    ("a/b~c",): "boolean",
}


def test_values_are_cleaned_where_the_plan_says_so_and_the_rest_keeps_its_text() -> None:
    text = (
        '{"price":"￥99","big":12345678901234567890,"rate":1.10,"currency":"rmb","address":{"region":"北京市","x":1e3},'
        '"items":[{"price":1},{"price":"2.50"}],"tags":["ok","N/A"],"a/b~c":"yes"}'
    )
    cleaned, changed = clean_properties(text, KINDS) or ("", {})
    assert cleaned == (
        '{"price":99,"big":12345678901234567890,"rate":1.10,"currency":"CNY","address":{"region":"北京","x":1e3},'
        '"items":[{"price":1},{"price":2.5}],"tags":["ok",null],"a/b~c":true}'
    )
    assert changed == {
        "/price": "￥99",
        "/currency": "rmb",
        "/address/region": "北京市",
        "/items/1/price": "2.50",
        "/tags/1": "N/A",
        "/a~1b~0c": "yes",
    }


@pytest.mark.parametrize(
    "text",
    [
        '{"price":99,"currency":"CNY","other":"N/A"}',
        "{}",
        "null",
        "[]",
        '"text"',
        '{"address":"北京市","items":{"price":"1"},"tags":"N/A"}',
        '{"price":1e999}',
        "no JSON",
        "",
        '{"price":"\ud83d"}',
    ],
)
def test_what_needs_no_cleaning_or_cannot_be_read_is_left_alone(text: str) -> None:
    assert clean_properties(text, KINDS) is None


def test_bytes_do_as_well_as_text() -> None:
    assert clean_properties(b'{"price":"1"}', KINDS) == ('{"price":1}', {"/price": "1"})


VALUES = st.text(max_size=8) | st.sampled_from(["1,000", "rmb", "N/A", "yes"]) | st.integers() | st.none()


@given(st.dictionaries(st.sampled_from(["price", "currency", "a/b~c", "other"]), VALUES))
def test_the_changes_lead_back_to_what_was_sent(properties: dict[str, Any]) -> None:
    found = clean_properties(json.dumps(properties), KINDS)
    if found is not None:
        cleaned, changed = found
        back = {
            pointer[1:].replace("~1", "/").replace("~0", "~"): value for pointer, value in changed.items()
        }
        assert {**json.loads(cleaned), **back} == properties
        assert clean_properties(cleaned, KINDS) is None
