"""One spelling for each e-mail address, phone, card and id number, so that one person gives one token.

Written out here, without the libraries that know all numbering plans: a token must not change because such a
library has learnt something new.
"""

import re
from collections.abc import Callable, Mapping
from ipaddress import IPv6Address, ip_address
from typing import Final
from urllib.parse import unquote

_NO_DIGIT: Final = re.compile(r"[^0-9]+")
_NO_LETTER: Final = re.compile(r"[^0-9A-Za-z]+")
_MAINLAND: Final = re.compile(r"(?:(?:00)?86|0)?(1[3-9][0-9]{9})")


def normal(kind: str, text: str) -> str:
    """The one spelling of a value of a class; values of other classes lose the blanks around them."""
    text = text.strip()
    return _NORMAL[kind](text) if kind in _NORMAL else text


def unquoted(text: str) -> str:
    """A text without the escapes of URLs, however often they were put on it."""
    while "%" in text and (plain := unquote(text)) != text:
        text = plain
    return text


def _email(text: str) -> str:
    text = text if "@" in text else unquoted(text)
    return text.removeprefix("mailto:").strip().lower()


def _phone(text: str) -> str:
    text = unquoted(text)
    digits = _NO_DIGIT.sub("", text)
    if mobile := _MAINLAND.fullmatch(digits):
        return "+86" + mobile[1]
    if not digits:
        return text.strip()
    if text.lstrip(" (").startswith("+"):
        return "+" + digits
    return "+" + digits[2:] if digits.startswith("00") else digits


def _letters(text: str) -> str:
    return _NO_LETTER.sub("", unquoted(text)).upper() or text


def _ip(text: str) -> str:
    try:
        ip = ip_address(text.strip("[] ").partition("%")[0])
    except ValueError:
        return text
    return str(ip.ipv4_mapped or ip) if isinstance(ip, IPv6Address) else str(ip)


_NORMAL: Final[Mapping[str, Callable[[str], str]]] = {
    "email": _email,
    "phone": _phone,
    "card": _letters,
    "id_number": _letters,
    "uscc": _letters,
    "ip": _ip,
}
