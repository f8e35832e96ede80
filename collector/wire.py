"""Requests in, answers out, as ASGI messages; and the CORS headers that browsers need on every answer."""

from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

from sdk_contract.dialects import Answer

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Headers = Mapping[bytes, bytes]
Lines = list[tuple[bytes, bytes]]

MAX_AGE = b"7200"
METHODS = b"GET, POST, OPTIONS"
ALLOWED = b"access-control-allow-origin"
_EXPOSE = (b"access-control-expose-headers", b"Retry-After")
_CREDENTIALS = (b"access-control-allow-credentials", b"true")
_VARY = (b"vary", b"Origin")


class Gone(Exception):
    """The client hung up before its request was complete; there is nobody to answer."""


def cors(origin: bytes) -> Lines:
    """Headers that let a page of `origin` read the answer; credentials rule out the simpler `*`."""
    return [(ALLOWED, origin), _CREDENTIALS, _EXPOSE, _VARY]


def preflight(headers: Headers) -> Lines:
    """Headers of the answer to OPTIONS: whatever the page asks for is allowed."""
    asked = headers.get(b"access-control-request-headers")
    allowed = [(b"access-control-allow-headers", asked)] if asked else []
    lines = [(b"access-control-allow-methods", METHODS), (b"access-control-max-age", MAX_AGE), *allowed]
    return [*cors(headers.get(b"origin", b"*")), *lines, (b"content-length", b"0")]


async def respond(send: Send, answer: Answer, extra: Lines) -> None:
    """Sends a whole answer."""
    headers = [(b"content-type", answer.content_type), (b"content-length", b"%d" % len(answer.body)), *extra]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})
