"""What a hostile or broken client does to a connection, on a real socket."""

import json
import socket
import time
from collections.abc import Iterator
from contextlib import closing
from urllib.parse import urlsplit

import pytest

from sdk_contract.verdicts import Unserved
from tests.collector.running import Running, running

EVENT = b'{"type":"page","userId":"u"}'
BODY = b'{"batch":[%s]}' % EVENT
HEAD_LIMIT = 4096


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(
        tmp_path_factory.mktemp("door"),
        head_limit=HEAD_LIMIT,
        head_seconds=0.4,
        body_seconds=0.4,
        idle_seconds=1.5,
    ) as found:
        yield found


def connected(door: Running) -> socket.socket:
    parts = urlsplit(door.url)
    return socket.create_connection((parts.hostname, parts.port), timeout=20)


def head(door: Running, *lines: bytes, path: bytes = b"/v1/batch", version: bytes = b"HTTP/1.1") -> bytes:
    key = b"writeKey=" + door.key.secret.encode()
    given = [b"POST %b?%b %b" % (path, key, version), b"Host: x", *lines]
    return b"\r\n".join(given) + b"\r\n\r\n"


def good(door: Running, *lines: bytes) -> bytes:
    return head(door, b"Content-Length: %d" % len(BODY), *lines) + BODY


def rest(sock: socket.socket) -> bytes:
    """Everything until the server closes; a reset is an error."""
    pieces = []
    while piece := sock.recv(65536):
        pieces.append(piece)
    return b"".join(pieces)


def asked(door: Running, *pieces: bytes, pause: float = 0.0, end: bool = True) -> bytes:
    """What the server says to these bytes until it closes; `end` tells it that no more will come."""
    with closing(connected(door)) as sock:
        for piece in pieces:
            sock.sendall(piece)
            time.sleep(pause)
        if end:
            sock.shutdown(socket.SHUT_WR)
        return rest(sock)


def statuses(text: bytes) -> list[int]:
    return [int(part[:3]) for part in text.split(b"HTTP/1.1 ")[1:]]


def refused(text: bytes) -> tuple[int, str]:
    """Status and reason of a refusal that ends its connection."""
    top, _, body = text.partition(b"\r\n\r\n")
    assert b"connection: close" in top
    return statuses(text)[0], json.loads(body)["reason"]


def dribble(sock: socket.socket, size: int) -> None:
    for _ in range(size):
        sock.sendall(b" ")
        time.sleep(0.05)


def is_well(door: Running) -> bool:
    return statuses(asked(door, good(door))) == [200]


def test_a_head_that_dribbles_is_cut(door: Running) -> None:
    began = time.monotonic()
    with closing(connected(door)) as sock:
        sock.sendall(b"POST /v1/batch HTTP/1.1\r\nHost: x\r\n")
        for _ in range(8):
            time.sleep(0.1)
            sock.sendall(b"x-y: z\r\n")
        assert refused(rest(sock)) == (408, "slow_head")
    assert time.monotonic() - began < 10


def test_a_body_that_dribbles_is_cut_and_says_so(door: Running) -> None:
    with closing(connected(door)) as sock:
        sock.sendall(head(door, b"Content-Length: 1000"))
        dribble(sock, 35)
        assert refused(rest(sock)) == (408, "slow_body")


def test_a_body_that_dribbles_after_its_answer_is_cut(door: Running) -> None:
    with closing(connected(door)) as sock:
        sock.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n")
        with pytest.raises(OSError, match=r"Broken pipe|reset"):
            dribble(sock, 100)


def test_a_connection_that_never_asks_is_closed(door: Running) -> None:
    with closing(connected(door)) as sock:
        assert rest(sock) == b""


def test_an_idle_connection_is_closed_in_good_order(door: Running) -> None:
    with closing(connected(door)) as sock:
        sock.sendall(good(door))
        assert statuses(rest(sock)) == [200]


@pytest.mark.parametrize("pieces", [1, 2, 9])
@pytest.mark.parametrize("what", ["header", "headers", "url"])
def test_a_head_that_is_too_large_is_refused(door: Running, what: str, pieces: int) -> None:
    big = {
        "header": head(door, b"X-Big: " + b"x" * 3 * HEAD_LIMIT),
        "headers": head(door, *[b"X-%d: x" % number for number in range(HEAD_LIMIT)]),
        "url": head(door, path=b"/v1/" + b"x" * 3 * HEAD_LIMIT),
    }[what]
    size = len(big) // pieces + 1
    cut = [big[at : at + size] for at in range(0, len(big), size)]
    with closing(connected(door)) as sock:
        for piece in cut:
            sock.sendall(piece)
            time.sleep(0.02)
        assert refused(rest(sock)) == (431, "head_too_large")


def test_a_large_body_is_no_large_head(door: Running) -> None:
    body = b'{"batch":[%s]}' % b",".join([EVENT] * 1500)
    request = head(door, b"Content-Length: %d" % len(body)) + body
    assert statuses(asked(door, request + request, request[:50], request[50:] + good(door))) == [200] * 4


@pytest.mark.parametrize(
    "lines",
    [
        (b"Content-Length: 5", b"Transfer-Encoding: chunked"),
        (b"Content-Length: 5", b"Content-Length: 6"),
        (b"Content-Length: -1",),
        (b"Content-Length: 0x10",),
        (b"Content-Length: 99999999999999999999999999",),
        (b"Transfer-Encoding: chunked, identity",),
        (b"Transfer-Encoding : chunked",),
        (b"X-NUL: a\0b",),
        (b"X\0: a",),
        (b"X: a\rY: b",),
        (b"no colon",),
        (b" folded: x",),
    ],
    ids=lambda lines: b"|".join(lines).decode().replace("\0", "NUL").replace("\r", "CR"),
)
def test_a_head_with_two_readings_is_refused(door: Running, lines: tuple[bytes, ...]) -> None:
    assert refused(asked(door, head(door, *lines) + b"0\r\n\r\n")) == (400, "no_http")


@pytest.mark.parametrize(
    "chunks",
    [
        b"5\r\nhel",
        b"5\r\nhelloX\r\n",
        b"-5\r\nhello\r\n",
        b"fffffffffffffffff\r\n",
        b"zz\r\n",
        b"5 5\r\nhello\r\n",
    ],
    ids=["short", "long", "negative", "huge", "no number", "two numbers"],
)
def test_a_chunked_lie_is_refused(door: Running, chunks: bytes) -> None:
    status, reason = refused(asked(door, head(door, b"Transfer-Encoding: chunked") + chunks, end=False))
    assert (status, reason) in [(400, "no_http"), (408, "slow_body")]


def test_chunks_with_extensions_and_trailers_are_a_body(door: Running) -> None:
    size = b"%x" % len(BODY)
    chunked = size + b";name=value;other\r\n" + BODY + b"\r\n0;last\r\nX-Trailer: 1\r\n\r\n"
    assert statuses(asked(door, head(door, b"Transfer-Encoding: chunked") + chunked + good(door))) == [
        200,
        200,
    ]


def test_a_trailer_overrules_no_header(door: Running) -> None:
    """A proxy has looked at the headers and not at the trailers: no key may come in by them."""
    chunked = b"%x\r\n%b\r\n0\r\nAuthorization: Basic %b\r\n\r\n" % (len(BODY), BODY, b"d2tfbm86")
    assert statuses(asked(door, head(door, b"Transfer-Encoding: chunked") + chunked)) == [200]


def test_pipelined_requests_are_answered_in_order(door: Running) -> None:
    health = b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n"
    found = asked(
        door, good(door) + health + good(door) + b"GET /no HTTP/1.1\r\nHost: x\r\n\r\n" + good(door)
    )
    assert statuses(found) == [200, 200, 200, 404, 200]
    assert [b'"worker"' in part for part in found.split(b"HTTP/1.1 ")[1:3]] == [False, True]


def test_the_good_before_the_bad_is_answered(door: Running) -> None:
    found = asked(door, good(door) + good(door) + b"\0\0\0\r\n\r\n")
    assert statuses(found)[:2] == [200, 200]
    assert b"connection: close" in found


def test_a_flood_of_pipelined_requests_is_not_all_taken_in(door: Running) -> None:
    with closing(connected(door)) as sock:
        sock.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n" * 5_000)
        answered = statuses(rest(sock))
    assert 1 <= len(answered) < 5_000
    assert set(answered) <= {200, 400}


def test_a_half_closed_connection_still_gets_its_answer(door: Running) -> None:
    with closing(connected(door)) as sock:
        sock.sendall(good(door))
        sock.shutdown(socket.SHUT_WR)
        assert statuses(rest(sock)) == [200]


def test_a_client_that_leaves_in_its_body_is_no_fault(door: Running) -> None:
    failed = door.log.calls[:]
    with closing(connected(door)) as sock:
        sock.sendall(head(door, b"Content-Length: 100") + b"{")
    assert is_well(door)
    assert door.log.calls == failed


def test_http_1_0_is_answered_and_closed(door: Running) -> None:
    request = head(door, b"Content-Length: %d" % len(BODY), version=b"HTTP/1.0") + BODY
    with closing(connected(door)) as sock:
        sock.sendall(request)
        found = rest(sock)
    assert statuses(found) == [200]
    assert b"connection: close" in found


def test_expect_continue_is_told_to_go_on(door: Running) -> None:
    with closing(connected(door)) as sock:
        sock.sendall(head(door, b"Content-Length: %d" % len(BODY), b"Expect: 100-continue"))
        assert sock.recv(1000).startswith(b"HTTP/1.1 100 ")
        sock.sendall(BODY)
        assert statuses(sock.recv(1000)) == [200]


def test_an_upgrade_is_passed_over(door: Running) -> None:
    upgrade = good(door, b"Connection: Upgrade, HTTP2-Settings", b"Upgrade: h2c", b"HTTP2-Settings: AAMAAABk")
    assert statuses(asked(door, upgrade, good(door), pause=0.1)) == [200, 200]


@pytest.mark.parametrize(
    "line",
    [
        b"GET /%00%ff HTTP/1.1",
        b"GET /\xff\xfe HTTP/1.1",
        b"GET /a\0b HTTP/1.1",
        b"GET http://[ HTTP/1.1",
        b"CONNECT a:1 HTTP/1.1",
        b"OPTIONS * HTTP/1.1",
        b"PRI * HTTP/2.0",
        b"GET //x HTTP/1.1",
        b"GET ?a HTTP/1.1",
    ],
    ids=lambda line: ascii(line),
)
def test_odd_targets_are_answered_without_a_fault(door: Running, line: bytes) -> None:
    found = asked(door, line + b"\r\nHost: x\r\nOrigin: http://\xff.example\r\n\r\n")
    assert statuses(found)[0] in (204, 400, 404, 405)


@pytest.mark.parametrize("origin", [b"\xff\xfe", b"a\x7fb", b"x" * 2000], ids=["bytes", "delete", "long"])
@pytest.mark.parametrize("path", ["/v1/batch", "/health", "/nowhere"])
def test_an_odd_origin_is_no_fault(door: Running, origin: bytes, path: str) -> None:
    found = asked(door, b"GET %b HTTP/1.1\r\nHost: x\r\nOrigin: %b\r\n\r\n" % (path.encode(), origin))
    assert statuses(found)[0] in (200, 400, 404, 405)


def test_what_was_refused_is_counted_by_its_reason(door: Running) -> None:
    asked(door, b"\0\r\n\r\n")
    time.sleep(1.2)
    text = door.client.get("/metrics").text
    assert 'sojourn_refused_requests_total{reason="no_http"}' in text
    told = [
        line.partition('reason="')[2].partition('"')[0] for line in text.splitlines() if "reason=" in line
    ]
    assert Unserved.NO_HTTP in told
