"""Every shape in which the native protocol takes events: routes, slashes, places of the key, compression."""

from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from loadtest.visits import iso
from loadtest.wire import Request, basic, envelope, zipped

_LETTERS: Final = {"track": "t", "page": "p", "screen": "s", "identify": "i", "group": "g", "alias": "a"}
_JSON: Final = b"Content-Type: application/json\r\n"
_TEXT: Final = b"Content-Type: text/plain\r\n"


class Shape(msgspec.Struct, frozen=True):
    """One way to send events; `single` takes exactly one. `request(events, ids, at in µs UTC)`."""

    name: str
    single: bool
    request: Callable[[Sequence[bytes], tuple[str, ...], int], Request]


def shapes(key: str) -> list[Shape]:
    """All of them, for one write key."""
    return [
        Shape(
            "batch, basic", False, lambda events, ids, at: _batch("/v1/batch", events, ids, at, basic(key))
        ),
        Shape(
            "batch/, key in body",
            False,
            lambda events, ids, at: _batch("/v1/batch/", events, ids, at, b"", key),
        ),
        Shape(
            "b, key in body, gzip",
            False,
            lambda events, ids, at: zipped(_batch("/v1/b", events, ids, at, b"", key)),
        ),
        Shape(
            "batch, key in query",
            False,
            lambda events, ids, at: _batch(f"/v1/batch?writeKey={key}", events, ids, at),
        ),
        Shape("one, by name, basic", True, lambda events, ids, at: _one(events[0], ids, False, basic(key))),
        Shape(
            "one, by letter, text/plain", True, lambda events, ids, at: _one(events[0], ids, True, _TEXT, key)
        ),
    ]


def _batch(
    path: str,
    events: Sequence[bytes],
    ids: tuple[str, ...],
    at: int,
    headers: bytes = b"",
    key: str | None = None,
) -> Request:
    return Request(path, envelope(events, iso(at // 1000), key), ids, _JSON + headers)


def _one(event: bytes, ids: tuple[str, ...], letter: bool, headers: bytes, key: str | None = None) -> Request:
    kind = msgspec.json.decode(event)["type"]
    body = b'{"writeKey":"%s",%s' % (key.encode(), event[1:]) if key else event
    slash = "/" if letter else ""
    return Request(f"/v1/{_LETTERS[kind] if letter else kind}{slash}", body, ids, headers)
