"""Masks: the shape of a value stays, the person does not. Masking a mask changes nothing."""

import re
from collections.abc import Callable, Mapping
from ipaddress import ip_address
from typing import Final

from sdk_contract.addresses import treat_peer
from sdk_contract.privacy.normal import unquoted
from sdk_contract.privacy.policy import DETECTED

_DIGIT: Final = re.compile(r"[0-9]")
_LETTER: Final = re.compile(r"[0-9A-Za-z]")
_WORD: Final = re.compile(r"[^\s*]+")
_MAINLAND: Final = re.compile(r"(\(?(?:\+|00)?86\D{0,3})?1[3-9][0-9]")
_STARS: Final = "***"


def mask(kind: str, text: str) -> str:
    """The masked text of a value of a class, such as `m***@e***.com` and `138****5678`."""
    return _MASKS[kind](unquoted(text) if kind in DETECTED else text)


def _email(text: str) -> str:
    local, at, domain = text.partition("@")
    if not at:
        return _first(text)
    name, dot, top = domain.rpartition(".")
    return f"{_first(local)}@{_first(name)}.{top}" if dot else f"{_first(local)}@{_first(domain)}"


def _first(text: str) -> str:
    return text[:1].replace("*", "") + _STARS


def _phone(text: str) -> str:
    prefix = _MAINLAND.match(text)
    shown = prefix.end() if prefix else text.find(next(iter(_DIGIT.findall(text)), "")) + 2
    return text[:shown] + _starred(text[shown:], _DIGIT, 0, 4 if prefix else 2)


def _starred(text: str, letter: re.Pattern[str], first: int, last: int) -> str:
    """Stars for all letters but the first and last few; what separates them stays."""
    places = [found.start() for found in letter.finditer(text)]
    hidden = set(places[first : len(places) - last])
    if "*" in text:
        return text
    return "".join("*" if at in hidden else one for at, one in enumerate(text))


def _card(text: str) -> str:
    return _starred(text, _DIGIT, 4, 4)


def _id_number(text: str) -> str:
    return _starred(text, _LETTER, 2, 2)


def _uscc(text: str) -> str:
    return _starred(text, _LETTER, 2, 4)


def _name(text: str) -> str:
    return _WORD.sub(lambda found: found[0][0] + "*" * (len(found[0]) - 1), text)


def _address(text: str) -> str:
    return text if text.endswith(_STARS) else text[: min(3, len(text) // 2)] + _STARS


def _birthday(text: str) -> str:
    year = re.match(r"[0-9]{4}", text)
    return _DIGIT.sub("*", text) if year is None else year[0] + _DIGIT.sub("*", text[4:])


def _ip(text: str) -> str:
    try:
        ip_address(text.strip("[] ").partition("%")[0])
    except ValueError:
        return _STARS if text else ""
    return treat_peer(text, "truncate")


def _account(text: str) -> str:
    return text if _STARS in text else text[:1] + _STARS + (text[-1:] if len(text) > 4 else "")


def _text(text: str) -> str:
    return _STARS if text else ""


_MASKS: Final[Mapping[str, Callable[[str], str]]] = {
    "email": _email,
    "phone": _phone,
    "name": _name,
    "address": _address,
    "birthday": _birthday,
    "id_number": _id_number,
    "uscc": _uscc,
    "card": _card,
    "ip": _ip,
    "account": _account,
    "text": _text,
}
