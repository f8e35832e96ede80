"""A connection more than a worker keeps: told so when it asks for something, and closed without a reset."""

import asyncio
from collections.abc import Callable
from typing import cast

CLOSE_SECONDS = 2.0
BODY = b'{"success":false,"reason":"busy","error":"too many connections are open"}'
ANSWER = (
    b"HTTP/1.1 503 Service Unavailable\r\nretry-after: %d\r\ncontent-type: application/json\r\n"
    b"access-control-allow-origin: *\r\naccess-control-expose-headers: Retry-After\r\n"
    b"content-length: %d\r\nconnection: close\r\n\r\n%b"
)


class Excess(asyncio.Protocol):
    """Answers 503 to the first bytes, then reads on, so that the kernel does not reset what is on its way.

    `turned_away` counts the request, and gives the seconds after which it may come again.
    """

    def __init__(
        self,
        transport: asyncio.BaseTransport,
        loop: asyncio.AbstractEventLoop,
        turned_away: Callable[[], int],
    ) -> None:
        self._transport, self._turned_away = cast(asyncio.Transport, transport), turned_away
        self._answered = False
        loop.call_later(CLOSE_SECONDS, transport.close)

    def data_received(self, data: bytes) -> None:
        if self._answered:
            return
        self._answered = True
        self._transport.write(ANSWER % (self._turned_away(), len(BODY), BODY))
        if self._transport.can_write_eof():
            self._transport.write_eof()
