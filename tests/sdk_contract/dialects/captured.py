"""Recorded requests of real SDKs, as they came over the wire, and mutations of them."""

import json
from base64 import b64decode
from collections.abc import Iterator, Mapping
from pathlib import Path
from random import Random

import msgspec

from sdk_contract.bodies import inflate
from sdk_contract.dialects import Dialect, Sent, Translated

CAPTURES = Path(__file__).parent / "captures"
LIMIT = 10 * 1024 * 1024


class Recorded(msgspec.Struct, frozen=True):
    """One request; `body` is as sent, of a request without one its query."""

    name: str
    method: str
    path: str
    query: bytes
    headers: Mapping[bytes, bytes]
    body: bytes

    def sent(self, dialect: Dialect) -> Sent:
        """The request as the door gives it to its dialect."""
        kinds = {(route.method, route.path): route.kind for route in dialect.routes}
        encoding = self.headers.get(b"content-encoding", b"").decode()
        kind = kinds[self.method, self.path.rstrip("/")]
        return Sent(kind, self.query, self.headers, inflate(self.body, encoding, LIMIT), LIMIT)


def recorded(*sdks: str) -> list[Recorded]:
    """What these SDKs sent, but for what they asked before."""
    return [one for sdk in sdks for one in _read(CAPTURES / f"{sdk}.jsonl") if one.method in ("GET", "POST")]


def events_of(translated: Translated) -> list[dict[str, object]]:
    """The events of a translated request, as a plain JSON reader sees them."""
    found: list[dict[str, object]] = json.loads(translated.body)["batch"]
    return found


def mutations(body: bytes, seed: int, number: int) -> Iterator[bytes]:
    """The body with bytes changed, cut out, doubled or swapped for what readers trip over."""
    random = Random(seed)
    for _ in range(number):
        mutant = bytearray(body)
        for _ in range(random.randint(1, 4)):
            at, size = random.randrange(len(mutant) + 1), random.randint(1, 12)
            mutant[at : at + random.choice((0, 1, size))] = random.choice((*_STRANGE, mutant[at : at + size]))
        yield bytes(mutant)


_STRANGE = (
    *(b"", b"null", b'""', b"0", b"-1", b"1e999", b"[]", b"{}", b"true", b"\\u0000", b"\\ud800", b"\xff"),
    *(
        b"{",
        b"}",
        b"[",
        b"]",
        b",",
        b":",
        b'"',
        b"%",
        b"=",
        b"&",
        b"\x00",
        b"[[[[[[[[",
        b"9" * 40,
        b"\x1f\x8b",
    ),
)


def _read(path: Path) -> Iterator[Recorded]:
    for number, line in enumerate(path.read_text("utf-8").splitlines()):
        one = json.loads(line)
        headers = {name.lower().encode(): value.encode() for name, value in one["headers"]}
        raw, query = one.get("body_raw"), one["query"].encode()
        body = raw.encode() if raw is not None else b64decode(one.get("body_raw_b64", "")) or query
        yield Recorded(f"{path.stem}-{number}", one["method"], one["path"], query, headers, body)
