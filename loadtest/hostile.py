"""Hostile events, each a function of the dice: JSON that no SDK sends; and the good ones between them."""

from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import Final
from zlib import crc32

FIELDS: Final = (
    "type",
    "messageId",
    "userId",
    "anonymousId",
    "groupId",
    "previousId",
    "event",
    "name",
    "category",
    "properties",
    "traits",
    "context",
    "integrations",
    "timestamp",
    "originalTimestamp",
    "sentAt",
)
INNER: Final = (
    "ip",
    "page",
    "campaign",
    "device",
    "os",
    "screen",
    "app",
    "library",
    "locale",
    "userAgent",
    "consent",
)
SCALARS: Final = (
    b"null",
    b"true",
    b"false",
    b"0",
    b"-0",
    b"-1",
    b"1.5",
    b"1e999",
    b"-1e-999",
    b"NaN",
    b"Infinity",
    b"-Infinity",
    b"9" * 400,
    b"0.1" + b"0" * 300,
    b"9223372036854775808",
    b"18446744073709551616",
    b"01",
    b"1.",
    b"+1",
    b".5",
    b"0x10",
    b'""',
    b'" "',
    b'"\\u0000"',
    b'"a\\u0000b"',
    b'"\\ud800"',
    b'"\\udc00\\ud800"',
    b'"\\ud83d\\ude00"',
    b'"\xed\xa0\x80"',
    b'"\xed\xa0\xbd\xed\xb8\x80"',
    b'"\xff\xfe"',
    b'"\xc0\x80"',
    b'"\xf4\x90\x80\x80"',
    b'"\xe2\x80\xae"',
    b'"\\/"',
    b'"\\x41"',
    b'"\\u12"',
    b'"sj:seal:AAAA"',
    b"[]",
    b"{}",
    b"[[]]",
    b'{"":""}',
    b'{"a":1,"a":2}',
    b'"2026-13-45T99:99:99Z"',
    b'"0000-00-00"',
    b'"+275760-09-13T00:00:00Z"',
    b'"2026-11-22T00:00:00+99:99"',
    b'"1e9"',
    b"1e18",
    b"-62135596800000",
    b'"10.0.0.1"',
    b'"::ffff:10.0.0.1%eth0"',
    b'"\'; DROP TABLE events; --"',
    b'"<script>"',
    b'"${jndi:x}"',
)
_TEXTS: Final = (
    b"a",
    b"\\n",
    b"\xe2\x82\xac",
    b"\xf0\x9f\x98\x80",
    b"\\u20ac",
    b"x" * 300,
    b"\\\\",
    b'\\"',
    b"%00",
    b"\t",
)
_LETTERS: Final = "abcdefghijklmnop"
Maker = Callable[[Random], bytes]


def proof(number: int) -> str:
    """What a good event says of itself, to be known again: letters alone, which no detector minds."""
    text = f"{crc32(b'%d' % number):08x}{number:08x}"
    return "".join(_LETTERS[int(digit, 16)] for digit in text)


def good(number: int) -> bytes:
    """A good event; its sender consents, so that no policy keeps it out."""
    return (
        b'{"type":"track","event":"Fuzz Good","messageId":"good-%d","userId":"user-%d",'
        b'"context":{"consent":{"categoryPreferences":{"analytics":true}}},"properties":{"proof":"%b"}}'
    ) % (number, number % 997, proof(number).encode())


def any_value(dice: Random, depth: int = 0) -> bytes:
    """Some JSON value, or something that nearly is one; brackets and quotes always close."""
    if depth > 3 or dice.random() < 0.6:
        return dice.choice(SCALARS)
    inner = [any_value(dice, depth + 1) for _ in range(dice.randrange(4))]
    if dice.random() < 0.5:
        return b"[" + b",".join(inner) + b"]"
    return b"{" + b",".join(b'"%b":%b' % (dice.choice(_TEXTS), value) for value in inner) + b"}"


def odd_fields(dice: Random) -> bytes:
    """A sound event, but some fields have values of any kind."""
    fields = {
        b"type": b'"track"',
        b"event": b'"Odd"',
        b"userId": b'"u"',
        b"messageId": b'"odd-%d"' % dice.getrandbits(40),
    }
    for name in dice.sample(FIELDS, dice.randrange(1, 6)):
        fields[name.encode()] = any_value(dice)
    return written(fields)


def odd_context(dice: Random) -> bytes:
    """Odd values one level down, where columns come from."""
    inner = {name.encode(): any_value(dice) for name in dice.sample(INNER, dice.randrange(1, 6))}
    spot = dice.choice((b"context", b"context", b"properties", b"traits"))
    kind = dice.choice((b"track", b"page", b"identify", b"screen", b"group", b"alias"))
    return written({b"type": b'"%b"' % kind, b"userId": b'"u"', b"event": b'"Odd"', spot: written(inner)})


def written(fields: Mapping[bytes, bytes]) -> bytes:
    return b"{" + b",".join(b'"%b":%b' % pair for pair in fields.items()) + b"}"


def deep(dice: Random) -> bytes:
    depth = dice.choice((10, 60, 64, 65, 100, 512, 1_023, 1_025, 5_000, 14_000))
    opening, closing = dice.choice(((b"[", b"]"), (b'{"a":', b"}")))
    nested = opening * depth + dice.choice((b"1", b"null", b'"x"')) + closing * depth
    return b'{"type":"track","event":"Deep","userId":"u","properties":{"deep":%b}}' % nested


def twice(dice: Random) -> bytes:
    """The same names more than once, with other values."""
    fields = [
        b'"%b":%b' % (dice.choice(FIELDS).encode(), any_value(dice)) for _ in range(dice.randrange(2, 8))
    ]
    base = [
        b'"type":"track"',
        b'"event":"Twice"',
        b'"userId":"u"',
        b'"messageId":"t-%d"' % dice.getrandbits(40),
    ]
    every = [*base, *fields, *dice.sample(base, 2)]
    dice.shuffle(every)
    return b"{" + b",".join(every) + b"}"


def large(dice: Random) -> bytes:
    size = dice.choice((32_000, 32_700, 32_768, 33_000, 40_000))
    if dice.random() < 0.5:
        return b'{"type":"track","event":"Large","userId":"u","properties":{"t":"%b"}}' % (b"x" * size)
    members = b",".join(b'"k%d":%d' % (number, number) for number in range(size // 14))
    return b'{"type":"track","event":"Wide","userId":"u","properties":{%b}}' % members


def no_event(dice: Random) -> bytes:
    return any_value(dice)


def broken(dice: Random) -> bytes:
    """An object whose brackets and quotes close, and which is no JSON all the same."""
    return dice.choice(
        (
            b'{"type":"track",}',
            b"{,}",
            b"{:}",
            b'{"a" "b"}',
            b"{'a':1}",
            b'{"a":undefined}',
            b'{"type":"track"/**/}',
            b'{"a":1 2}',
            b"{1:2}",
            b'{"a"}',
            b'{"a":}',
            b"[1,,2]",
            b"{\xff}",
            b'{"a":"\x01"}',
            b'{"a":tru}',
            b'{"a":"\n"}',
            b'{"a":1}}'[:-1],
        )
    )


# What stands between good events and leaves them whole.
CLOSED: Final[tuple[Maker, ...]] = (
    odd_fields,
    odd_fields,
    odd_context,
    odd_context,
    deep,
    twice,
    large,
    no_event,
    broken,
)


def flipped(dice: Random, text: bytes) -> bytes:
    """A few bytes of it changed, put in or left out."""
    found = bytearray(text)
    for _ in range(dice.randrange(1, 5)):
        at = dice.randrange(len(found) + 1)
        change = dice.randrange(4)
        if change == 0 and at < len(found):
            found[at] ^= 1 << dice.randrange(8)
        elif change == 1:
            found[at:at] = dice.choice(SCALARS)
        elif change == 2:
            del found[at : at + dice.randrange(1, 9)]
        else:
            found[at : at + 1] = bytes([dice.choice(b'"\\{}[],:\0\xff0eE-')])
    return bytes(found)


def spliced(dice: Random, texts: Sequence[bytes]) -> bytes:
    """The beginning of one and the end of another."""
    first, second = dice.choice(texts), dice.choice(texts)
    return first[: dice.randrange(len(first) + 1)] + second[dice.randrange(len(second) + 1) :]
