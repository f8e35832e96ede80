"""Answers as ASGI messages, without a server."""

import asyncio
from typing import Any

from collector.wire import Message, preflight, respond
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
