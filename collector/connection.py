"""A connection of the door: how much of a head it takes, how it refuses for itself, how it ends."""

from typing import Any, Final, cast

import httptools
import msgspec
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from collector.patience import PIPELINED, Bounds, Lingering
from sdk_contract.verdicts import Unserved

_HEAD_END: Final = b"\r\n\r\n"
_HEAD: Final = b"%bcontent-type: application/json\r\ncontent-length: %d\r\nconnection: close\r\n\r\n"


class _Deaf:
    """Stands for the parser of a connection from which nothing more is taken."""

    def feed_data(self, data: bytes) -> None:
        """Passes over it."""


class _SteppedOver:
    """Stands for the cycle of a head that is about to be read once more."""

    response_complete, more_body, scope = True, False, None


_DEAF: Final[Any] = _Deaf()
_STEPPED_OVER: Final[Any] = _SteppedOver()


class Connection(HttpToolsProtocol):
    """Uvicorn's HTTP/1.1 within bounds. What it refuses is answered as the rest of the collector answers."""

    bounds = Bounds()
    waiting: object = None
    waiting_since = 0.0
    _head: object = None
    _head_bytes = 0
    _earlier: Any = None

    def data_received(self, data: bytes) -> None:
        self._unset_keepalive_if_required()
        if len(data) > self.bounds.head_bytes and self._is_headless(data):
            self.refuse(Unserved.HEAD_TOO_LARGE)
            return
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserError:
            self.refuse(Unserved.NO_HTTP)
            return
        except httptools.HttpParserUpgrade as upgrade:
            self._read_plainly(data[upgrade.args[0] :])
            return
        if self._is_in_head():
            self._count_head(len(data))

    def _is_in_head(self) -> bool:
        cycle: Any = self.cycle
        return cycle is None or cycle.scope is not self.scope

    def _is_headless(self, data: bytes) -> bool:
        cycle: Any = self.cycle
        begins = cycle is None or (cycle.scope is self.scope and not cycle.more_body)
        return begins and data.find(_HEAD_END, 0, self.bounds.head_bytes) < 0

    def _count_head(self, size: int) -> None:
        """What arrives while a head is under way is of that head, but for the piece in which it begins."""
        if self._head is not self.scope:
            self._head, self._head_bytes = self.scope, 0
            return
        self._head_bytes += size
        if self._head_bytes > self.bounds.head_bytes:
            self.refuse(Unserved.HEAD_TOO_LARGE)

    def _read_plainly(self, rest: bytes) -> None:
        """Reads a request that offers another protocol (Java's and curl's do) once more, without the offer.

        Its parser would take the body for the other protocol.
        """
        self.cycle = self._earlier
        method = self.parser.get_method()
        if method == b"CONNECT":
            self.refuse(Unserved.NO_HTTP)
            return
        kept = [b"%b: %b\r\n" % (name, value) for name, value in self.headers if name != b"upgrade"]
        self.parser = httptools.HttpRequestParser(self)
        self.data_received(b"%b %b HTTP/1.1\r\n%b\r\n%b" % (method, self.url, b"".join(kept), rest))

    def on_headers_complete(self) -> None:
        if self.parser.should_upgrade():
            self._earlier, self.cycle = self.cycle, _STEPPED_OVER
            return
        if len(self.pipeline) > PIPELINED:
            raise httptools.HttpParserError("more requests than are answered ahead")
        self.begin_request()
        self.headers = []  # trailers come late: what a proxy has looked at must not be overruled by them

    def begin_request(self) -> None:
        """The head is complete and good."""
        super().on_headers_complete()

    def eof_received(self) -> bool:  # type: ignore[override]
        """True keeps the way back open, for the answer to a request that is complete."""
        cycle: Any = self.cycle
        if cycle is None or cycle.response_complete or cycle.more_body or self.scheme == "https":
            return False
        cycle.keep_alive = False
        return True

    def refuse(self, reason: Unserved) -> None:
        """Answers for the server itself, after what came before, and ends the connection."""
        self.bounds.refused(reason.value)
        cycle: Any = self.cycle
        if self.transport.is_closing():
            return
        if cycle is not None and not cycle.response_complete and not cycle.more_body:
            cycle.keep_alive, self.scope, self.parser = False, cycle.scope, _DEAF
            return
        body = msgspec.json.encode({"success": False, "reason": reason, "error": reason.text})
        self.transport.write(_HEAD % (STATUS_LINE[reason.status], len(body)) + body)
        self.linger()

    def linger(self) -> None:
        """Ends the connection once the client has read the answer, or after a moment."""
        transport, connections, loop = self.transport, self.connections, self.loop
        self.connection_lost(ConnectionAbortedError())
        Lingering(transport, connections, loop)

    def end(self) -> None:
        """Closes after the last answer; a client that is still sending gets to read that first."""
        if self.cycle.more_body or self.parser is _DEAF:
            self.linger()
        else:
            self.transport.close()

    def waits_for(self) -> tuple[object, float]:
        """What this connection waits for, and the seconds it may take; None: for nothing of the kind."""
        cycle, scope, bounds = self.cycle, cast(Any, self.scope), self.bounds
        if self._is_in_head():
            return (self, bounds.idle_seconds) if scope is None else (scope, bounds.head_seconds)
        if cycle.response_complete and cycle.more_body:
            return cycle, bounds.body_seconds
        return (self.flow, bounds.idle_seconds) if self.flow.write_paused else (None, 0.0)

    def give_up(self) -> None:
        """It kept the door waiting for too long."""
        if cast(Any, self.scope) is not None and self._is_in_head():
            self.refuse(Unserved.SLOW_HEAD)
        else:
            self.transport.abort()
