"""Answers as ASGI messages, without a server."""

import asyncio
from typing import Any

from collector.wire import Message, Starts, preflight, respond
from sdk_contract.dialects import Answer


def test_an_answer_is_two_plain_messages() -> None:
    sent: list[Any] = []

    async def send(message: Message) -> None:
        sent.append(message)

    asyncio.run(respond(send, Answer(429, b"{}"), [(b"retry-after", b"3")]))
    assert sent[0]["status"] == 429
    assert (b"retry-after", b"3") in sent[0]["headers"]
    assert (b"content-length", b"2") in sent[0]["headers"]
    assert sent[1]["body"] == b"{}"


def test_a_preflight_without_wishes_grants_none() -> None:
    names = [name for name, _ in preflight({b"origin": b"https://a"})]
    assert b"access-control-allow-headers" not in names
    assert b"access-control-allow-methods" in names


def test_answers_begin_with_what_the_server_says_now() -> None:
    starts, early, late = Starts(), [(b"date", b"early")], [(b"date", b"late")]
    for lines in (early, early, late):
        said = starts.of(200, b"text/plain", lines)
        assert (
            said
            == b"HTTP/1.1 200 OK\r\ndate: %b\r\ncontent-type: text/plain\r\ncontent-length: " % lines[0][1]
        )
    assert starts.of(429, b"text/plain", late).startswith(b"HTTP/1.1 429 ")
    assert b"text/html" in starts.of(200, b"text/html", late)
