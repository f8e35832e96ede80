"""A head that comes again over a connection is known again, and nothing else is taken for it.

What a connection says with its memory is compared with what it says without: it is told the same pieces.
"""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
import uvicorn
from hypothesis import given
from hypothesis import strategies as st
from uvicorn.server import ServerState

from collector.exchange import Exchange
from collector.heads import LONGEST, Head, remember
from collector.patience import Bounds
from collector.protocol import TRIES, DoorProtocol
from sdk_contract.dialects import Answer

HEAD = b"POST /hot?a=b HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\nX-Key: k\r\n\r\n"
COLD = b"GET /cold HTTP/1.1\r\nHost: x\r\n\r\n"
CHUNKED = b"POST /hot HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n"
GET = b"GET /hot HTTP/1.1\r\nHost: x\r\n\r\n"


def post(body: bytes, head: bytes = HEAD) -> bytes:
    return head % len(body) + body


class Site:
    """Tells what it was asked: at once, but for a body that ends in `later` only when it is let go on."""

    leaving = False

    def __init__(self) -> None:
        self.hot = {b"POST": {b"/hot": self.work, b"/early": self.tell}, b"GET": {b"/hot": self.work}}
        self.waiting: list[tuple[Exchange, Answer]] = []

    def work(self, exchange: Exchange) -> Any:
        if exchange.more_body:
            return self.later(exchange)
        self.tell(exchange)
        return None

    async def later(self, exchange: Exchange) -> None:
        exchange._arrival = asyncio.get_running_loop().create_future()
        await exchange._arrival
        self.tell(exchange)

    def tell(self, exchange: Exchange) -> None:
        body, named = exchange.whole(1 << 20), dict(exchange.head.named)
        named.pop(b"content-length", None)
        told = Answer(200, b"%r %r %r" % (body, exchange.head.query, sorted(named.items())))
        if body.endswith(b"later"):
            self.waiting.append((exchange, told))
        else:
            exchange.answer(told, [])

    def go_on(self) -> None:
        waiting, self.waiting = self.waiting, []
        for exchange, told in waiting:
            exchange.answer(told, [])

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        headers = [(b"content-length", b"4")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"cold"})


class Wire(asyncio.Transport):
    def __init__(self) -> None:
        super().__init__()
        self.said: list[bytes] = []
        self.closed = False

    def write(self, data: Any) -> None:
        self.said.append(bytes(data))

    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        self.closed = True

    def set_protocol(self, protocol: Any) -> None:
        """As a connection does that reads no more."""
        self.closed = True

    def can_write_eof(self) -> bool:
        return False

    def pause_reading(self) -> None:
        pass

    def resume_reading(self) -> None:
        pass


class Knowing(DoorProtocol):
    """Counts what it takes without the parser."""

    taken = 0

    def _take_known(self, known: Any, data: bytes) -> bool:
        took = super()._take_known(known, data)
        self.taken += took
        return took


def told(
    pieces: Sequence[bytes],
    memory: bool = True,
    head_bytes: int = 32 * 1024,
    kept: list[Knowing] | None = None,
) -> tuple[list[bytes], bool, int]:
    """What the connection says to these pieces, whether it is closed then, and how many heads it knew again.

    An empty piece lets answers go on that wait; `leave` makes each answer the last of its connection.
    """

    async def run() -> tuple[list[bytes], bool, int]:
        site, wire = Site(), Wire()
        config = uvicorn.Config(site, http=Knowing, log_config=None, proxy_headers=False)
        config.load()
        bounds = Bounds(head_bytes=head_bytes)
        connection = Knowing(config, ServerState(), {}, bounds=bounds)
        if not memory:
            connection.unlike = TRIES
        if kept is not None:
            kept.append(connection)
        connection.connection_made(wire)
        for piece in pieces:
            if wire.closed:
                break
            if piece == b"leave":
                site.leaving = True
            elif piece:
                connection.data_received(piece)
            else:
                site.go_on()
            for _ in range(4):
                await asyncio.sleep(0)
        site.go_on()
        for _ in range(4):
            await asyncio.sleep(0)
        return wire.said, wire.closed, connection.taken

    return asyncio.run(run())


def same(pieces: Sequence[bytes], head_bytes: int = 32 * 1024) -> int:
    """How many requests were known again, in a conversation that is the same without."""
    said, closed, taken = told(pieces, head_bytes=head_bytes)
    assert (said, closed, 0) == told(pieces, False, head_bytes)
    return taken


def test_a_head_that_came_before_is_known_whatever_the_length_of_its_body() -> None:
    said, _, taken = told([post(b"1"), post(b"2"), post(b"33"), post(b""), post(b"4" * 3000)])
    assert taken == 3
    assert [text.partition(b"\r\n\r\n")[2][:7] for text in said[2:]] == [b"b'33' b", b"b'' b'a", b"b'44444"]
    assert same([post(b"1"), post(b"2"), post(b"33"), post(b""), post(b"4" * 3000)]) == 3


ONCE = [post(b"1"), post(b"2")]


@pytest.mark.parametrize(
    ("pieces", "known"),
    [
        ([HEAD % 2, b"ab", post(b"3")], 1),
        ([post(b"abc")[:-1], b"c", post(b"3")], 1),
        ([post(b"ab")[:30], post(b"ab")[30:], post(b"3")], 1),
        ([post(b"3") + post(b"4"), post(b"5")], 1),
        ([post(b"3") + post(b"4")[:20], post(b"4")[20:], post(b"5")], 1),
        ([post(b"3", HEAD.replace(b"k", b"other")), post(b"4")], 0),
        ([post(b"3", HEAD.replace(b"a=b", b"a=c"))], 0),
        ([post(b"3", HEAD.replace(b"X-Key: k\r\n", b""))], 0),
        ([post(b"3", HEAD.replace(b"X-Key", b"x-key"))], 0),
        ([post(b"3", HEAD.replace(b"X-Key: k", b"X-Key: k\r\nContent-Length: 1"))], 0),
        ([post(b"3", HEAD.replace(b"%d", b"%d "))], 0),
        ([post(b"3", HEAD.replace(b"%d", b"+%d"))], 0),
        ([post(b"3", HEAD.replace(b"%d", b"00%d"))], 1),
        ([post(b"3", HEAD.replace(b"%d", b"0000000%d"))], 0),
        ([(HEAD % 1).replace(b" 1\r", b" \r") + b"3"], 0),
        ([HEAD % 5 + b"3", b"4567", post(b"5")], 1),
        ([HEAD % 1 + b"34567", post(b"5")], 0),
        ([b"\r\n" + post(b"3"), post(b"4")], 0),
        ([b"\r\n", post(b"3")], 1),
        ([COLD, post(b"3"), GET, post(b"4"), CHUNKED, post(b"5")], 3),
        ([COLD[:9], COLD[9:] + post(b"3"), post(b"4")], 1),
        ([post(b"later"), post(b"3"), b"", post(b"4")], 2),
        ([post(b"later"), post(b"3") + post(b"4"), b"", post(b"5")], 2),
        ([post(b"3", HEAD.replace(b"X-Key: k", b"Connection: close")), post(b"4")], 0),
        ([post(b"3", HEAD.replace(b"1.1", b"1.0")), post(b"4")], 0),
        ([post(b"3", HEAD.replace(b"X-Key: k", b"Connection: upgrade\r\nUpgrade: h2c")), post(b"4")], 1),
        ([b"leave", post(b"3"), post(b"4")], 0),
        ([b"no http\r\n\r\n", post(b"3")], 0),
        ([post(b"later"), b"no http\r\n\r\n", b"", post(b"3")], 1),
    ],
)  # fmt: skip
def test_only_a_whole_request_with_the_same_head_is_taken_without_the_parser(
    pieces: list[bytes], known: int
) -> None:
    assert same([*ONCE, *pieces]) == known


def test_the_end_of_a_head_is_no_head() -> None:
    torn = post(b"1")[25:]
    assert same([post(b"0"), post(b"1")[:25], torn, torn, post(b"2")]) == 0
    assert told([post(b"0"), post(b"1")[:25], torn, torn])[1]


def test_the_end_of_a_body_is_no_head() -> None:
    inner = post(b"1")
    assert same([post(b"0"), HEAD % (2 * len(inner)), inner, inner, inner, inner]) == 1
    assert same([post(b"0"), post(b"1"), HEAD % (2 * len(inner)), inner, inner, inner]) == 1


def test_a_body_that_comes_after_its_answer_is_no_request() -> None:
    early, inner = HEAD.replace(b"/hot", b"/early"), post(b"1")
    assert same([post(b"0"), inner, early % len(inner), inner, inner]) == 1


def test_the_last_head_of_a_connection_is_not_remembered() -> None:
    kept: list[Knowing] = []
    told([post(b"1"), post(b"2", HEAD.replace(b"X-Key: k", b"Connection: close"))], kept=kept)
    assert kept[0].remembered is None


def test_a_head_is_not_remembered_beyond_its_limits() -> None:
    long = HEAD.replace(b"k", b"k" * LONGEST)
    assert same([post(b"1", long)] * 4) == 0
    size = len(HEAD % 1)
    grown = [post(b"1"), post(b"1"), post(b"1"), post(b"1" * 1000), post(b"1" * 10_000)]
    assert [same(grown, head_bytes=size + more) for more in (0, 3, 6, 7)] == [0, 0, 0, 3]


def test_a_connection_whose_heads_are_never_the_same_is_given_up() -> None:
    others = [post(b"1", HEAD.replace(b"X-Key: k", b"X-Key: %d" % number)) for number in range(TRIES + 1)]
    assert same([*others, others[-1], others[-1]]) == 2
    assert same([post(b"0"), *others, post(b"0", HEAD), post(b"0", HEAD)]) == 0
    assert same([post(b"0"), *others[:-2], post(b"0", HEAD), post(b"0", HEAD)]) == 1


_PARTS = st.sampled_from(
    [post(b"1"), post(b"22"), post(b"later"), post(b"x" * 99), post(b"1", HEAD.replace(b"k", b"j")),
     COLD, GET, CHUNKED, b"\r\n", HEAD % 3, b"abc", post(post(b"1"))]
)  # fmt: skip


@given(st.lists(st.one_of(_PARTS, st.just(b"")), max_size=12), st.lists(st.integers(0, 1500), max_size=6))
def test_a_connection_with_a_memory_says_what_one_without_says(parts: list[bytes], cuts: list[int]) -> None:
    pieces = []
    for part in parts:
        pieces.append(part)
        if part and cuts and (at := cuts[len(pieces) % len(cuts)] % len(part)):
            pieces[-1:] = [part[:at], part[at:]]
    same(pieces)


def test_what_is_no_whole_request_is_not_remembered() -> None:
    one, head = post(b"1"), Head([(b"content-length", b"1")], b"")
    assert remember(one, head, None, 1000) is not None
    for data in (one[:-1], one + b"2", b"\r\n\r\n" + one, one.replace(b"\r\n\r\n", b"\r\n")):
        assert remember(data, head, None, 1000) is None
    assert remember(one, Head([], b""), None, 1000) is None
