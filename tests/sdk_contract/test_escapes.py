import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sdk_contract.escapes import end_of_escape, plain


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (rb"\u0031\u002E\u003a\u0041\u0066%", b"1.:Af%"),
        (rb"\u0025", b"%"),
        (rb"\\u0031", rb"\\u0031"),
        (rb"\\\u0031", rb"\\1"),
        (
            rb"\u0022\u005c\u005C\u000a\u0000\u007f\u007F\u4e00\u0147",
            rb"\u0022\u005c\u005C\u000a\u0000\u007f\u007F\u4e00\u0147",
        ),
        (rb"\u0020\u0047\u0067\u0040\u0060\u005B\u007e\u002F", b" Gg@`[~/"),
        (b"no escapes", b"no escapes"),
    ],
)
def test_ascii_is_written_plainly_where_json_lets_it(text: bytes, expected: bytes) -> None:
    assert plain(text) == expected


@given(st.text('\\u0123afé夏/"\n1', max_size=20), st.text('01.:af\\"é夏\n', max_size=8))
@settings(max_examples=100, deadline=None)
def test_plain_text_is_the_same_json(text: str, escaped: str) -> None:
    hidden = "".join(f"\\u{ord(letter):04x}" for letter in escaped)
    body = (json.dumps(text)[:-1] + hidden + '"').encode()
    assert json.loads(plain(body)) == json.loads(body) == text + escaped
    assert plain(plain(body)) == plain(body)


@pytest.mark.parametrize(
    ("text", "at", "end"),
    [
        (rb"\u00e91", 6, 6),
        (rb"\u00e91", 5, 6),
        (rb"\u00e91", 3, 6),
        (rb"\n1", 2, 2),
        (rb"\b1", 1, 2),
        (rb"\\b1", 2, 2),
        (rb"\\b1", 3, 0),
        (rb"\n12", 3, 0),
        (rb"\n%201", 5, 5),
        (rb"%201", 1, 3),
        (rb"%201", 3, 3),
        (rb"%2012", 4, 0),
        (rb"%xy1", 3, 0),
        (rb"%2520203", 5, 5),
        (rb"%252C1", 4, 5),
        (rb"%2525201", 7, 7),
        (rb"%25 1", 3, 3),
        (rb"1", 0, 0),
    ],
)
def test_where_the_escape_before_a_place_ends(text: bytes, at: int, end: int) -> None:
    assert end_of_escape(text, at) == end
