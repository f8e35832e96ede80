"""Seeded people whose every value is known, in every spelling under which it could be found again."""

import json
from base64 import b64encode
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from ipaddress import IPv6Address
from random import Random
from typing import Final
from urllib.parse import quote

import msgspec

from sdk_contract.privacy.checksums import is_card, is_id_number, is_uscc

_LETTERS: Final = "abcdefghijklmnopqrstuvwxyz"
_CONSONANTS: Final = "bdfgklmnprtvxz"
_VOWELS: Final = "aeiou"
_HAN: Final = "龘靐齉爩灪籱龖厵滟爨癵骊麟鲡鹳"
_SIGNS: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_IPS: Final = frozenset({"ip", "ip6"})


class Person(msgspec.Struct, frozen=True):
    """What one case of the test sends; no value occurs anywhere else."""

    case: str
    email: str
    phone: str
    name: str
    han_name: str
    address: str
    birthday: str
    id_number: str
    uscc: str
    card: str
    account: str
    text: str
    ip: str
    ip6: str

    def values(self) -> Iterator[tuple[str, str]]:
        """(kind, value) of all but the case."""
        yield from (
            (kind, str(value)) for kind, value in msgspec.structs.asdict(self).items() if kind != "case"
        )


class Needle(msgspec.Struct, frozen=True):
    """One value to be looked for."""

    case: str
    kind: str
    value: str

    @property
    def is_ip(self) -> bool:
        return self.kind in _IPS


def person(case: str, rng: Random) -> Person:
    """A person for one case."""
    first, last = _word(rng), _word(rng)
    digits = "".join(rng.choices("0123456789", k=8))
    born = date(1950, 1, 1) + timedelta(days=rng.randrange(18_000))
    return Person(
        case=case,
        email=f"{first}.{last}{rng.randrange(100, 999)}@{_word(rng)}.example.com",
        phone=f"1{rng.choice('3589')}{rng.randrange(10)}{digits}",
        name=f"{first.title()} {last.title()}",
        han_name="".join(rng.sample(_HAN, 4)) + "".join(rng.sample(_HAN, 2)),
        address=f"{rng.randrange(1, 999)} {_word(rng).title()}{_word(rng)} Lane",
        birthday=f"{born:%Y-%m-%d}",
        id_number=_id_number(f"{born:%Y%m%d}", rng),
        uscc=_uscc(rng),
        card=_checked(f"62{digits}{rng.randrange(10_000, 99_999)}", is_card),
        account=f"wx-{_word(rng)}-{rng.randrange(10_000, 99_999)}",
        text=f"please ring at {_word(rng)}{_word(rng)} gate",
        ip=".".join(str(rng.randrange(101, 219)) for _ in range(4)),
        ip6=str(IPv6Address(0x2001_0DB8 << 96 | rng.getrandbits(96) | 1 << 95 | 1)),
    )  # fmt: skip


def spellings(kind: str, value: str) -> set[bytes]:
    """The value plain, in groups, percent-encoded, as JSON with escapes, as base64; case does not count."""
    plain = {value, *_groups(kind, value)}
    found = {text.encode() for text in plain}
    for text in plain:
        found |= {quote(text, safe="").encode(), quote(quote(text, safe=""), safe="").encode()}
        found |= {json.dumps(text)[1:-1].encode(), text.replace(" ", "+").encode()}
        found.add("".join(f"\\u{ord(sign):04x}" for sign in text).encode())
        found |= set(_base64(text.encode()))
    return found


def _groups(kind: str, value: str) -> list[str]:
    if kind == "phone":
        return [gap.join((value[:3], value[3:7], value[7:])) for gap in " -"]
    if kind == "card":
        return [gap.join(value[at : at + 4] for at in range(0, 16, 4)) for gap in " -"]
    return [IPv6Address(value).exploded] if kind == "ip6" else []


def _base64(data: bytes) -> Iterator[bytes]:
    """The letters that stand for the data wherever it begins within a longer text."""
    for before in range(3):
        letters = b64encode(b"\0" * before + data)
        first, last = (before * 8 + 5) // 6, (before + len(data)) * 8 // 6
        yield letters[first:last]


def _word(rng: Random) -> str:
    return "".join(rng.choice(_CONSONANTS) + rng.choice(_VOWELS) for _ in range(3)) + rng.choice(_LETTERS)


def _id_number(born: str, rng: Random) -> str:
    return _checked(
        f"{rng.choice(('110105', '310115', '440305'))}{born}{rng.randrange(1000):03}", is_id_number
    )


def _uscc(rng: Random) -> str:
    body = "".join(rng.choices("0123456789ABCDEFGH", k=7))
    return _checked(f"91{rng.choice(('110105', '440300'))}MA{body}", is_uscc)


def _checked(start: str, holds: Callable[[str], bool]) -> str:
    """With the check sign that makes it hold."""
    return next(start + sign for sign in _SIGNS if holds(start + sign))
