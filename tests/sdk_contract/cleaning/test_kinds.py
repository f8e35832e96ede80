"""What cleaning makes of single values: known ways of writing become one, anything else stays as it is."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdk_contract.cleaning import KINDS, clean

CLEANED: list[tuple[str, Any, Any]] = [
    ("number", "12.5", 12.5),
    ("number", "12.50", 12.5),
    ("number", " 7 ", 7),
    ("number", "12.0", 12),
    ("number", "1,234.50", 1234.5),
    ("number", "1.234,50", 1234.5),
    ("number", "12,50", 12.5),
    ("number", "1 234 567", 1234567),
    ("number", "￥99", 99),
    ("number", "¥ 1,299.00", 1299),
    ("number", "99元", 99),
    ("number", "CNY 88.8", 88.8),
    ("number", "88.8 RMB", 88.8),
    ("number", "HK$12", 12),
    ("number", "-€3.20", -3.2),
    ("number", "１２３．５", 123.5),
    ("number", "−4", -4),
    ("number", "1e3", 1000),
    ("number", "12345678901234567890", 12345678901234567890),
    ("integer", "12", 12),
    ("integer", 12.0, 12),
    ("integer", "12.00", 12),
    ("boolean", "true", True),
    ("boolean", "FALSE", False),
    ("boolean", "Yes", True),
    ("boolean", "1", True),
    ("boolean", 1, True),
    ("boolean", 0, False),
    ("boolean", "是", True),
    ("boolean", "否", False),
    ("currency", "cny", "CNY"),
    ("currency", "RMB", "CNY"),
    ("currency", "人民币", "CNY"),
    ("currency", "元", "CNY"),
    ("currency", "¥", "CNY"),
    ("currency", "￥", "CNY"),
    ("currency", "US$", "USD"),
    ("currency", " eur ", "EUR"),
    ("currency", "日元", "JPY"),
    ("country", "cn", "CN"),
    ("country", "CHN", "CN"),
    ("country", "China", "CN"),
    ("country", "中国", "CN"),
    ("country", "中华人民共和国", "CN"),
    ("country", "The Netherlands", "NL"),
    ("country", "UK", "GB"),
    ("country", "Côte d’Ivoire", "CI"),
    ("country", "United States of America", "US"),
    ("country", "香港", "HK"),
    ("country", "trinidad & tobago", "TT"),
    ("country", "na", "NA"),
    ("region", "北京市", "北京"),
    ("region", "Beijing", "北京"),
    ("region", "Beijing Shi", "北京"),
    ("region", "CN-BJ", "北京"),
    ("region", "110000", "北京"),
    ("region", 440000, "广东"),
    ("region", "广东省", "广东"),
    ("region", "廣東省", "广东"),
    ("region", "Guangdong Province", "广东"),
    ("region", "广西壮族自治区", "广西"),
    ("region", "Tibet Autonomous Region", "西藏"),
    ("region", "Shaanxi", "陕西"),
    ("region", "Shanxi Sheng", "山西"),
    ("region", "深圳市", "深圳"),
    ("region", "Shenzhen City", "深圳"),
    ("region", "昆山市", "昆山"),
    ("region", "延边朝鲜族自治州", "延边"),
    ("region", "喀什地区", "喀什"),
    ("region", "香港特别行政区", "香港"),
    ("email", " Mei.Lin@Example.COM ", "mei.lin@example.com"),
    ("phone", "138 0013 8000", "+8613800138000"),
    ("phone", 13800138000, "+8613800138000"),
    ("phone", "+44 20 7946 0958", "+442079460958"),
    ("text", "  tea ", "tea"),
]
LEFT: list[tuple[str, Any]] = [
    ("number", 12.5),
    ("number", 3),
    ("number", True),
    ("number", "about 5"),
    ("number", "1,23,4"),
    ("number", "1e999"),
    ("number", "12%"),
    ("number", {"a": 1}),
    ("number", None),
    ("integer", "12.5"),
    ("integer", 12.5),
    ("boolean", 2),
    ("boolean", "perhaps"),
    ("boolean", True),
    ("currency", "CNY"),
    ("currency", "doubloon"),
    ("country", "CN"),
    ("country", "Atlantis"),
    ("region", "北京"),
    ("region", "Bavaria"),
    ("region", "吉林市"),
    ("region", "沙市"),
    ("region", "海南藏族自治州"),
    ("email", "nobody"),
    ("email", "a@b"),
    ("email", "a b@example.com"),
    ("phone", "12"),
    ("phone", "call me"),
    ("phone", True),
    ("phone", -13800138000),
    ("phone", 13800138000.0),
    ("phone", ["13800138000"]),
    ("text", "tea"),
]


@pytest.mark.parametrize(("kind", "value", "expected"), CLEANED)
def test_a_value_is_written_in_the_one_way(kind: str, value: Any, expected: Any) -> None:
    cleaned = clean(kind, value)
    assert (cleaned, type(cleaned)) == (expected, type(expected))
    assert clean(kind, cleaned) is cleaned


@pytest.mark.parametrize(("kind", "value"), LEFT)
def test_what_is_clean_or_not_understood_is_the_same_object(kind: str, value: Any) -> None:
    assert clean(kind, value) is value


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "value", ["", " ", "unknown", "N/A", "null", "NULL", "undefined", "未知", "-", "无", "\u200b"]
)
def test_a_text_that_says_nothing_is_null(kind: str, value: str) -> None:
    assert clean(kind, value) is None


@pytest.mark.parametrize("kind", KINDS)
def test_a_token_of_privacy_treatment_is_not_touched(kind: str) -> None:
    token = "sj:hash:k1:abcdefghijklmnopqrstuv"
    assert clean(kind, token) is token


def test_a_kind_that_there_is_not_is_an_error() -> None:
    with pytest.raises(KeyError):
        clean("colour", "red")


@given(st.sampled_from(KINDS), st.text() | st.integers() | st.floats() | st.booleans() | st.none())
def test_cleaning_twice_is_cleaning_once(kind: str, value: Any) -> None:
    cleaned = clean(kind, value)
    assert clean(kind, cleaned) is cleaned


@given(st.integers(-(10**15), 10**15))
def test_integers_survive_grouping_and_full_width(number: int) -> None:
    grouped = f"{number:,}"
    wide = str(number).translate({ord(digit): ord(digit) + 0xFEE0 for digit in "0123456789"})
    assert clean("number", grouped) == clean("integer", wide) == number
