"""Hostile requests: what a fuzz case sends, each a function of its seed; good neighbours are among them."""

import gzip
import zlib
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path
from random import Random
from typing import Final

import brotli
import msgspec
import zstandard

from loadtest import hostile
from loadtest.utterances import KEY
from loadtest.wire import basic

PATHS: Final = ("/v1/batch", "/v1/b", "/v1/batch/")
SINGLE: Final = ("track", "page", "screen", "identify", "group", "alias", "t", "p", "s", "i", "g", "a")
PACKERS: Final[dict[bytes, Callable[[bytes], bytes]]] = {
    b"gzip": lambda data: gzip.compress(data, 1, mtime=0),
    b"deflate": lambda data: zlib.compress(data, 1),
    b"br": lambda data: bytes(brotli.compress(data, quality=1)),
    b"zstd": lambda data: zstandard.ZstdCompressor(level=1).compress(data),
}


class Case(msgspec.Struct, frozen=True):
    """One request as bytes, and the numbers of the good events in it.

    `whole`: its good events must all be taken; else only where the answer has a verdict for every event sent.
    `last`: the server may end the connection after it, or without an answer.
    """

    kind: str
    data: bytes
    good: tuple[int, ...] = ()
    whole: bool = False
    last: bool = False
    stored: bool = True


class Attack:
    """Makes cases. `keys`: write keys; `captures`: bodies that real SDKs sent; `numbers`: of good events.

    `foreign`: requests of each other protocol: the beginning of their first line, and their body.
    """

    def __init__(
        self,
        keys: Sequence[str],
        captures: Sequence[bytes],
        foreign: Sequence[Sequence[tuple[bytes, bytes]]],
        numbers: Iterator[int],
    ) -> None:
        self._secrets, self._keys = keys, [basic(key) for key in keys]
        self._captures, self._foreign, self._numbers = captures, foreign, numbers

    def case(self, kind: str, seed: int) -> Case:
        """The case of this kind and seed."""
        dice = Random(seed)
        made: Case = KINDS[kind](self, dice)
        return made

    def _good(self, count: int) -> tuple[int, ...]:
        return tuple(next(self._numbers) for _ in range(count))

    def _request(self, dice: Random, body: bytes, *lines: bytes, path: str | None = None) -> bytes:
        head = b"POST %b HTTP/1.1\r\nHost: x\r\n%bContent-Length: %d\r\n%b\r\n"
        chosen = (path or dice.choice(PATHS)).encode()
        given = b"".join(line + b"\r\n" for line in lines)
        return head % (chosen, dice.choice(self._keys), len(body), given) + body

    def mixed(self, dice: Random) -> Case:
        """Hostile events that close, between good ones: all the good must be taken."""
        numbers = self._good(dice.randrange(1, 5))
        events = [hostile.good(number) for number in numbers]
        for _ in range(dice.randrange(1, 5)):
            events.insert(dice.randrange(len(events) + 1), dice.choice(hostile.CLOSED)(dice))
        return Case("mixed", self._request(dice, batch(events)), numbers, whole=True)

    def packed(self, dice: Random) -> Case:
        """The same in a packed body, whose header may lie about it."""
        numbers = self._good(2)
        body = batch([hostile.good(numbers[0]), dice.choice(hostile.CLOSED)(dice), hostile.good(numbers[1])])
        name = dice.choice((b"gzip", b"gzip", b"zstd", b"deflate", b"br"))
        told = dice.choice((name, name, *PACKERS)) if name in (b"gzip", b"zstd") else name
        data = self._request(dice, PACKERS[name](body), b"Content-Encoding: " + told)
        return Case("packed", data, numbers, whole=True)

    def odd_envelope(self, dice: Random) -> Case:
        """Good events in an envelope with odd members."""
        numbers = self._good(2)
        names = dice.sample((b"sentAt", b"context", b"writeKey", b"extra", b"integrations"), 2)
        members = [b'"batch":[%b]' % b",".join(map(hostile.good, numbers))]
        members += [b'"%b":%b' % (name, hostile.any_value(dice)) for name in names]
        dice.shuffle(members)
        space = dice.choice((b"", b" ", b"\n\t", b"\xef\xbb\xbf"))
        return Case(
            "odd_envelope", self._request(dice, space + b"{" + b",".join(members) + b"}"), numbers, whole=True
        )

    def odd_headers(self, dice: Random) -> Case:
        numbers = self._good(1)
        names = (
            "User-Agent",
            "X-Forwarded-For",
            "Forwarded",
            "Cookie",
            "Sec-GPC",
            "DNT",
            "Origin",
            "Referer",
        )
        lines = [b"%b: %b" % (name.encode(), header_value(dice)) for name in dice.sample(names, 3)]
        lines.append(
            b"Content-Type: "
            + dice.choice((b"text/plain", b"application/json; charset=utf-16", b"\xff", b""))
        )
        data = self._request(dice, batch([hostile.good(numbers[0])]), *lines)
        return Case("odd_headers", data, numbers, whole=b"Sec-GPC" not in data and b"DNT" not in data)

    def single(self, dice: Random) -> Case:
        """One hostile event on a route for one."""
        path = f"/v1/{dice.choice(SINGLE)}"
        return Case("single", self._request(dice, dice.choice(hostile.CLOSED)(dice), path=path))

    def mutated(self, dice: Random) -> Case:
        """What a real SDK sent, a few bytes of it changed."""
        return Case("mutated", self._request(dice, hostile.flipped(dice, dice.choice(self._captures))))

    def neighbour(self, dice: Random) -> Case:
        """A capture's events, one of them changed, with good ones before and after."""
        numbers = self._good(2)
        odd = hostile.flipped(dice, dice.choice(self._captures))
        body = batch([hostile.good(numbers[0]), odd, hostile.good(numbers[1])])
        return Case("neighbour", self._request(dice, body), numbers)

    def foreign(self, dice: Random) -> Case:
        """A request of another protocol, mostly with a few bytes changed; what it is answered is its own."""
        line, body = dice.choice(dice.choice(self._foreign))
        secret = dice.choice(self._secrets).encode()
        if body and dice.random() < 0.8:
            body = hostile.flipped(dice, body)
        line, body = (text.replace(KEY.encode(), secret) for text in (line, body))
        head = b"%b HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % (line, len(body))
        return Case("foreign", head + body, stored=False)

    def spliced(self, dice: Random) -> Case:
        return Case("spliced", self._request(dice, hostile.spliced(dice, self._captures)))

    def torn(self, dice: Random) -> Case:
        """A packed body that ends too early or is damaged."""
        name = dice.choice(tuple(PACKERS))
        body = PACKERS[name](dice.choice(self._captures))
        cut = body[: dice.randrange(len(body))] if dice.random() < 0.5 else hostile.flipped(dice, body)
        return Case("torn", self._request(dice, cut, b"Content-Encoding: " + name))

    def bomb(self, dice: Random) -> Case:
        name = dice.choice(tuple(PACKERS))
        return Case("bomb", self._request(dice, bomb(name, dice.randrange(2)), b"Content-Encoding: " + name))

    def form(self, dice: Random) -> Case:
        """Bodies as forms and base64, as beacons send them, and what only looks so."""
        numbers = self._good(1)
        from base64 import b64encode

        text = b64encode(batch([hostile.good(numbers[0])]))
        body = dice.choice(
            (
                text,
                b"data=" + text.replace(b"+", b"%2B"),
                b"data=" + text[: dice.randrange(len(text))],
                b"a=b&data=",
            )
        )
        return Case("form", self._request(dice, body), numbers, whole=body == text)

    def no_batch(self, dice: Random) -> Case:
        body = dice.choice(
            (
                b'{"batch":%b}' % hostile.any_value(dice),
                hostile.any_value(dice),
                b"",
                b"{",
                b"[" * 5_000,
                b"\0" * 99,
            )
        )
        return Case("no_batch", self._request(dice, body))

    def many(self, dice: Random) -> Case:
        count = dice.choice((300, 1_999, 2_000, 2_001, 5_000))
        return Case("many", self._request(dice, b'{"batch":[%b]}' % b",".join([b"7"] * count)))

    def validate(self, dice: Random) -> Case:
        path = dice.choice(("/v1/validate", "/v1/validate?show=stored", "/v1/validate/?show=stored&show=%ff"))
        body = dice.choice((batch([dice.choice(hostile.CLOSED)(dice)]), dice.choice(hostile.CLOSED)(dice)))
        return Case("validate", self._request(dice, body, path=path), stored=False)

    def elsewhere(self, dice: Random) -> Case:
        method = dice.choice((b"GET", b"PUT", b"DELETE", b"OPTIONS", b"PATCH"))
        path = dice.choice(
            (
                b"/health",
                b"/ready",
                b"/live",
                b"/openapi.json",
                b"/v1/batch",
                b"/%00%ff",
                b"/v1//",
                b"/" + b"a" * 3_000,
            )
        )
        data = b"%b %b?%b HTTP/1.1\r\nHost: x\r\nOrigin: %b\r\n\r\n" % (
            method,
            path,
            b"q=%fe",
            header_value(dice),
        )
        return Case("elsewhere", data, stored=False)

    def no_http(self, dice: Random) -> Case:
        """What is not sure HTTP: answered 400 or closed, and never taken for anything else."""
        sound = self._request(dice, batch([hostile.good(0)]))
        head = sound.partition(b"\r\n\r\n")[0]
        data = dice.choice(
            (
                hostile.flipped(dice, head) + b"\r\n\r\n",
                head + b"\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                b"\x16\x03\x01\x02\x00",
                head + b"\r\nX\0: y\r\n\r\n",
                b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
                bytes(dice.randbytes(60)) + b"\r\n\r\n",
            )
        )
        return Case("no_http", data, last=True, stored=False)


KINDS: Final[dict[str, Callable[[Attack, Random], Case]]] = {
    name: getattr(Attack, name)
    for name in (
        "mixed",
        "packed",
        "odd_envelope",
        "odd_headers",
        "single",
        "mutated",
        "neighbour",
        "foreign",
        "spliced",
        "torn",
        "bomb",
        "form",
        "no_batch",
        "many",
        "validate",
        "elsewhere",
        "no_http",
    )
}
# How often each comes; what costs the most or tells the least comes less.
SHARES: Final = {
    **dict.fromkeys(KINDS, 10),
    "mixed": 30,
    "neighbour": 20,
    "foreign": 30,
    "bomb": 0.3,
    "many": 0.1,
    "elsewhere": 4,
    "no_http": 4,
    "spliced": 5,
}


def batch(events: Sequence[bytes]) -> bytes:
    return b'{"batch":[%b],"sentAt":"2026-11-22T00:00:00Z"}' % b",".join(events)


def header_value(dice: Random) -> bytes:
    return dice.choice(
        (
            b"",
            b"1",
            b"\xff\xfe",
            b"x" * 2_000,
            b"a=b; sj=%00",
            b"1.2.3.4, ::1, [::1]:80, unknown",
            b'for="[2001:db8::1%25eth0]:47"',
            b"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/142",
            b"\xe4\xb8\xad\xe6\x96\x87",
            b"\t",
            b"null",
            b"Mozilla/5.0 " + bytes(dice.choice(b"();/.,0123456789abc") for _ in range(200)),
            b"https://shop.example",
            b"%s%n{}",
        )
    )


@cache
def bomb(packer: bytes, shape: int) -> bytes:
    """Some 40 MiB of next to nothing."""
    size = 40 << 20
    return PACKERS[packer](b'{"batch":["' + b"x" * size + b'"]}' if shape else b'{"batch":[' + b"[" * size)


def captures(folder: Path) -> list[bytes]:
    """Bodies and events of real SDKs, from the recordings in `folder`; none where it is not there."""
    found = []
    for path in sorted(folder.glob("*.jsonl")):
        for line in path.read_bytes().splitlines():
            body = msgspec.json.decode(line).get("body_raw")
            if body:
                found.append(body.encode())
                found += [msgspec.json.encode(event) for event in _events(body)]
    return found


def _events(body: str) -> list[object]:
    try:
        return list(msgspec.json.decode(body)["batch"])
    except (msgspec.DecodeError, KeyError, TypeError):
        return []
