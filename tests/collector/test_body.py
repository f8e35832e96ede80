"""Reading a body and answering, without a server."""

import asyncio
from typing import Any

import pytest

from collector.wire import Gone, Message, preflight, read_body, respond
from sdk_contract.dialects import Answer
from sdk_contract.errors import Refused
from sdk_contract.verdicts import Reason


class Client:
    """Hands out messages, and counts how many were asked for."""

    def __init__(self, *messages: Message) -> None:
        self.messages, self.asked = list(messages), 0

    async def receive(self) -> Message:
        self.asked += 1
        return self.messages.pop(0)


def part(body: bytes, more: bool = True) -> Message:
    return {"type": "http.request", "body": body, "more_body": more}


def read(client: Client, declared: bytes | None = None, limit: int = 10) -> bytes:
    return asyncio.run(read_body(declared, client.receive, limit))


def test_a_body_in_one_or_more_parts() -> None:
    assert read(Client(part(b"abc", more=False)), b"3") == b"abc"
    assert read(Client(part(b"abc"), part(b""), part(b"def", more=False))) == b"abcdef"
    assert read(Client(part(b"0123456789", more=False))) == b"0123456789"


def test_a_body_that_says_it_is_too_large_is_not_read() -> None:
    client = Client(part(b"x" * 11, more=False))
    with pytest.raises(Refused) as refused:
        read(client, b"11")
    assert (refused.value.reason, client.asked) == (Reason.BODY_TOO_LARGE, 0)


@pytest.mark.parametrize("declared", [None, b"3", b"lies"])
def test_a_body_that_grows_too_large_is_not_read_to_its_end(declared: bytes | None) -> None:
    client = Client(part(b"x" * 6), part(b"x" * 6), part(b"never"))
    with pytest.raises(Refused) as refused:
        read(client, declared)
    assert (refused.value.reason, client.asked) == (Reason.BODY_TOO_LARGE, 2)


@pytest.mark.parametrize("before", [[], [part(b"abc")]])
def test_a_client_that_left_is_gone(before: list[Message]) -> None:
    with pytest.raises(Gone):
        read(Client(*before, {"type": "http.disconnect"}))


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
