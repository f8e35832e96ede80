"""Requests in, answers out, as ASGI messages; and the CORS headers that browsers need on every answer."""

from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE

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


class Starts:
    """How answers begin, up to their length. The server's own `lines` are the same in all, for a second."""

    def __init__(self) -> None:
        self._lines: Lines | None = None
        self._known: dict[tuple[int, bytes], bytes] = {}

    def of(self, status: int, content_type: bytes, lines: Lines) -> bytes:
        """With the name of the length's header at the end; `lines` are known again as an object."""
        if lines is not self._lines:
            self._lines, self._known = lines, {}
        found = self._known.get((status, content_type))
        if found is None:
            pieces = (b"%b: %b\r\n" % line for line in (*lines, (b"content-type", content_type)))
            found = b"%b%bcontent-length: " % (STATUS_LINE[status], b"".join(pieces))
            self._known[status, content_type] = found
        return found


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
