"""Requests of each protocol that can be spoilt: what real SDKs sent, and some of the made-up shop."""

import re
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote_plus, urlencode

import msgspec

from loadtest.speech import SAMPLES
from sdk_contract.bodies import inflate, unpack
from sdk_contract.dialects import Dialect, Sent
from sdk_contract.dialects.known import BY_NAME, DIALECTS

LIMIT: Final = 1 << 20
KEY: Final = "wk_1"
_NEIGHBOURS: Final = 4
_SDKS: Final = {"rudder": "rudderstack", **{one.name: one.name for one in DIALECTS}}
_LISTS: Final = ("batch", "events", "data")
_PAGE: Final = {"url": "https://shop.example/茶?q=1", "title": "Tea", "anonymousId": "d-1", "userId": "mei"}
# Of a protocol without batches, the one way in which it writes an event.
_FORMS: Final = {"jitsu": ("bare",), "pixel": ("packed", "form"), "noscript": ("flat",)}
# The write key wherever a protocol may look for it in an address.
_QUERY: Final = b"?api_secret=wk_1&token=wk_1&appId=wk_1&writeKey=wk_1"
_IN_ADDRESS: Final = re.compile(rb"[!-~]{1,4000}").fullmatch
Wrap = Callable[[Sequence[bytes]], bytes]
_decode: Final = msgspec.json.Decoder().decode


def _object(name: str, rest: bytes) -> Wrap:
    return lambda events: b'{"%b":[%b],%b}' % (name.encode(), b",".join(events), rest)


def _list(events: Sequence[bytes]) -> bytes:
    return b"[" + b",".join(events) + b"]"


def _form(events: Sequence[bytes]) -> bytes:
    return b"data_list=" + quote_plus(b64encode(_list(events))).encode()


# How each protocol that has batches puts its events together.
WRAPS: Final[Mapping[str, Wrap]] = {
    "segment": _object("batch", b'"writeKey":"wk_1"'),
    "rudderstack": _object("batch", b'"writeKey":"wk_1"'),
    "posthog": _object("batch", b'"api_key":"wk_1"'),
    "amplitude": _object("events", b'"api_key":"wk_1"'),
    "ga4": _object("events", b'"client_id":"d-1"'),
    "snowplow": _object("data", b'"schema":"iglu:x/y/z/1-0-0"'),
    "clickstream": _list,
    "mixpanel": _list,
    "sensors": _form,
}


class Utterances(msgspec.Struct, frozen=True):
    """What is known of one protocol: whole requests, and single events that stand in a batch."""

    dialect: Dialect
    requests: Sequence[Sent]
    events: Sequence[bytes]
    wrap: Wrap | None

    def batch(self, events: Sequence[bytes]) -> Sent:
        """A request with these events; only of a protocol that has batches."""
        assert self.wrap is not None
        return self.sent("", self.wrap(events))

    def sent(self, kind: str, body: bytes) -> Sent:
        """A body as the door hands it on; without a kind to the first address."""
        return Sent(kind or self.dialect.routes[0].kind, b"api_secret=wk_1", {}, body, LIMIT)


def utterances(recordings: Sequence[Path]) -> dict[str, Utterances]:
    """By protocol; each body goes to all kinds of addresses that the protocol has."""
    recorded: dict[str, list[bytes]] = {one.name: [] for one in DIALECTS}
    for path in chain.from_iterable(sorted(folder.glob("*.jsonl")) for folder in recordings):
        recorded[_SDKS[path.stem.partition("-")[0]]] += _bodies(path)
    return {name: _of(dialect, recorded[name]) for name, dialect in BY_NAME.items()}


def foreign(recordings: Path) -> list[list[tuple[bytes, bytes]]]:
    """By protocol, as they go over the wire: `POST /posthog/batch?…` and the body; a GET has no body.

    `recordings` are those of Segment's SDKs; where others lie beside them, they are among what is sent.
    """
    every = utterances([recordings, recordings.parent / "dialects" / "captures"])
    return [[*_lines(known)] for known in every.values()]


def _lines(known: Utterances) -> Iterator[tuple[bytes, bytes]]:
    for route in known.dialect.routes:
        path = f"/{known.dialect.name}{route.path}".encode()
        for sent in known.requests:
            if sent.kind != route.kind:
                continue
            if route.method == "POST":
                yield b"POST " + path + _QUERY, sent.body
            elif _IN_ADDRESS(sent.body):
                yield b"GET %b?%b" % (path, sent.body), b""


def _of(dialect: Dialect, recorded: Sequence[bytes]) -> Utterances:
    events = _events(dialect.name)
    wrap = WRAPS.get(dialect.name)
    bodies = [*recorded, *_singles(dialect.name, events)]
    if wrap is not None:
        bodies.append(wrap(events))
    known = Utterances(dialect, (), events, wrap)
    kinds = dict.fromkeys(route.kind for route in dialect.routes)
    return msgspec.structs.replace(
        known, requests=[known.sent(kind, body) for kind in kinds for body in bodies]
    )


def _events(name: str) -> list[bytes]:
    """A few of the sample's events; of a protocol without a sample Segment's, as it has them too."""
    sent = SAMPLES[name if name in SAMPLES else "segment"](KEY)
    found = _decode(unpack(sent.body, "", LIMIT))
    if isinstance(found, dict):
        found = next(found[one] for one in _LISTS if one in found)
    return [msgspec.json.encode(event) for event in found[:_NEIGHBOURS]]


def _singles(name: str, events: Sequence[bytes]) -> Iterator[bytes]:
    """One event alone: bare, in a form of base64 or JSON, and flat in a query; and an event a line."""
    event = events[0]
    flat: dict[str, Any] = _PAGE if name == "noscript" else _decode(event)
    written = {
        "bare": event,
        "packed": b"data=" + quote_plus(b64encode(event)).encode(),
        "form": b"ip=1&data=" + quote_plus(event).encode() + b"&verbose=1",
        "lines": b"\n".join(events),
        "named": b"api_key=wk_1&identification=" + quote_plus(event).encode(),
        "flat": urlencode({field: value for field, value in flat.items() if isinstance(value, str)}).encode(),
    }
    for form in _FORMS.get(name, written):
        yield written[form]


def _bodies(path: Path) -> Iterator[bytes]:
    """Bodies without their packing; of a request without one its query."""
    for line in path.read_bytes().splitlines():
        one = msgspec.json.decode(line)
        raw, packed = one.get("body_raw"), b64decode(one.get("body_raw_b64") or "")
        body = raw.encode() if raw else packed or one["query"].encode()
        if body and one["method"] in ("GET", "POST"):
            names = {name.lower(): value for name, value in one["headers"]}
            yield inflate(body, names.get("content-encoding", ""), LIMIT)
