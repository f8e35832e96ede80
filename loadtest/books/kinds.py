"""Every kind of event of a run as a text to fill in, and what has to become of it under each key."""

from typing import Final

import msgspec

from loadtest.books.keys import ENFORCED, PLAIN, STRICT, SUPPRESSED, WARNED

_ALL: Final = (PLAIN, ENFORCED, WARNED, STRICT)
_PLANNED: Final = (ENFORCED, WARNED)
_HEAD: Final = b'{"messageId":"bk-%010d","anonymousId":"d-%d",'


class Kind(msgspec.Struct, frozen=True):
    """One kind of event. `text` wants the event's number and that of its device.

    `weights`: how often among a key's events; `fates`: "rejected" or "filtered" with its reason, by key, none
    where it is stored. `named`: its message id can be read, whatever is wrong with it.
    """

    name: str
    text: bytes
    weights: dict[str, float]
    fates: dict[str, tuple[str, str]] = {}
    named: bool = True

    def fate(self, key: str) -> tuple[str, str] | None:
        return self.fates.get(key)


def _good(name: str, rest: bytes, weight: float) -> Kind:
    return Kind(name, _HEAD + rest, dict.fromkeys(_ALL, weight))


def _bad(reason: str, text: bytes, weight: float, *, named: bool = True) -> Kind:
    fates = dict.fromkeys(_ALL, ("rejected", reason))
    return Kind(reason, text, dict.fromkeys(_ALL, weight), fates, named)


VIEWED: Final = _good(
    "viewed", b'"type":"track","event":"Product Viewed","properties":{"product_id":"P-1","price":129.5}}', 60
)
KINDS: Final[tuple[Kind, ...]] = (
    VIEWED,
    _good("page", b'"type":"page","properties":{"path":"/tea"}}', 20),
    Kind(
        "identify",
        b'{"messageId":"bk-%010d","userId":"u-%d","type":"identify","traits":{"plan":"free"}}',
        dict.fromkeys(_ALL, 2.0),
    ),
    _bad("not_an_object", b'["bk-%010d",%d]', 0.5, named=False),
    _bad("unknown_type", _HEAD + b'"type":"purchase"}', 0.5),
    _bad("missing_field", _HEAD + b'"type":"track"}', 0.5),
    _bad("wrong_type", _HEAD + b'"type":"track","event":"Product Viewed","properties":5}', 0.5),
    _bad("bad_value", b'{"messageId":"bk-%010d","anonymousId":"d-\\u0000%d","type":"page"}', 0.5),
    _bad("bad_time", _HEAD + b'"type":"page","timestamp":"yesterday"}', 0.5),
    _bad("event_too_large", _HEAD + b'"type":"page","name":"' + b"x" * 33_000 + b'"}', 0.1),
    _bad("too_deep", _HEAD + b'"type":"page","properties":' + b'{"a":' * 200 + b"1" + b"}" * 200 + b"}", 0.2),
    _bad("bad_encoding", _HEAD + b'"type":"page","name":"\xff"}', 0.2),
    Kind(
        "plan_violation",
        _HEAD + b'"type":"track","event":"Product Viewed","properties":{"product_id":"P-1","price":-1}}',
        dict.fromkeys(_PLANNED, 1.0),
        {ENFORCED: ("rejected", "plan_violation")},
    ),
    Kind(
        "unplanned_event",
        _HEAD + b'"type":"track","event":"Unheard Of","properties":{"price":1}}',
        dict.fromkeys(_PLANNED, 1.0),
        {ENFORCED: ("rejected", "unplanned_event")},
    ),
    Kind(
        "consent",
        _HEAD + b'"type":"page","properties":{"path":"/"},'
        b'"context":{"consent":{"categoryPreferences":{"analytics":false}}}}',
        dict.fromkeys(_PLANNED, 1.5),
        dict.fromkeys(_PLANNED, ("filtered", "consent")),
    ),
    Kind(
        "suppressed",
        _HEAD + b'"userId":"' + SUPPRESSED.encode() + b'","type":"page","properties":{"path":"/"}}',
        dict.fromkeys(_PLANNED, 1.0),
        dict.fromkeys(_PLANNED, ("filtered", "suppressed")),
    ),
)
