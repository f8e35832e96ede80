"""Queries and forms as SDKs write them."""

from base64 import b64encode, urlsafe_b64encode
from gzip import compress
from urllib.parse import quote, unquote_to_bytes

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdk_contract.dialects.forms import named, payload
from sdk_contract.errors import Refused
from sdk_contract.queries import fields, unescaped

EVENT = '{"name":"ÿ茶>>>???"}'.encode()


def test_fields_are_decoded_and_empty_ones_are_absent() -> None:
    assert fields(b"a=1&b=%7Bx+y%7D&c=&a=2&d") == {b"a": b"1", b"b": b"{x y}"}


@given(st.text(alphabet="aZ09+/=%2BbfFG &-_\r\n"))
def test_escapes_are_undone_as_everybody_does(text: str) -> None:
    assert unescaped(text.encode()) == unquote_to_bytes(text)
    assert unescaped(quote(text).encode()) == text.encode()


def test_the_first_name_that_is_there_wins() -> None:
    assert named(b"project=shop&token=wk_1", (b"token", b"project")) == "wk_1"
    assert named(b"project=shop&token=", (b"token", b"project")) == "shop"
    assert named(b"", (b"token", b"project")) is None


@pytest.mark.parametrize(
    "value",
    [
        EVENT,
        b64encode(EVENT),
        b64encode(EVENT).replace(b"+", b" "),
        urlsafe_b64encode(EVENT).rstrip(b"="),
        b64encode(compress(EVENT)),
    ],
    ids=["json", "base64", "base64 with spaces", "url-safe", "packed"],
)
def test_a_payload_is_its_json_text(value: bytes) -> None:
    assert payload(value, 1024) == EVENT


def test_a_payload_of_something_else_is_refused() -> None:
    with pytest.raises(Refused):
        payload(b"!", 1024)
    with pytest.raises(Refused, match="body_too_large"):
        payload(b64encode(compress(EVENT * 2)), 40)
