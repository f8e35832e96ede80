"""A context of which some parts are odd still gives the others."""

import pytest

from sdk_contract.context import Context, Page, read_context, read_page

FULL = Page("https://a.example/", title="A")
PAGE = b'{"url":"https://a.example/","title":"A"}'


@pytest.mark.parametrize(
    ("raw", "context"),
    [
        (b'{"page":%b,"locale":"de"}' % PAGE, Context(page=FULL, locale="de")),
        (b'{"page":7,"locale":"de"}', Context(locale="de")),
        (b'{"page":{"url":7,"title":"A"},"locale":["de"]}', Context(page=Page(title="A"))),
        (b'{"page":7,"odd":1e999,"locale":"de"}', Context(locale="de")),
        (b'{"page": {"url":-1e999,"title":"A"},"ip":1e999}', Context(page=Page(title="A"))),
        (b'{"page":null,"locale":{}}', Context()),
    ],
)
def test_what_can_be_read_is_read(raw: bytes, context: Context) -> None:
    assert read_context(raw) == context


def test_a_page_of_odd_parts_is_read_like_that_too() -> None:
    assert read_page(b'{"url":[1e999],"title":"A"}') == Page(title="A")
