"""Finds phone, card and id numbers in a text, in linear time, and tells them from other runs of digits."""

import re
from collections.abc import Iterator
from typing import Final

from sdk_contract.privacy.checksums import is_card, is_id_number, is_uscc
from sdk_contract.privacy.emails import linear
from sdk_contract.privacy.normal import unquoted

_PLUS: Final = r"(?:\+|%(?:25)*2[bB])"
_OPEN: Final = r"(?:\(|%(?:25)*28)"
_CLOSE: Final = r"(?:\)|%(?:25)*29)"
# Blank or dash, also as they stand in URLs, and the wide ones.
_GAP: Final = "(?:[ +-]|%(?:25)*2[0dD]|\xc2\xa0|\xe3\x80\x80|\xe2\x80[\x90-\x95])"
_BEFORE: Final = r"(?:^|[^0-9A-Za-z]|\\[bfnrt]|\\u[0-9a-fA-F]{4}|%(?:25)*[0-9a-fA-F]{2})"
_AFTER: Final = r"(?:[^0-9A-Za-z]|$)"

_CHINA: Final = f"(?:{_OPEN}(?:{_PLUS}|00)?86{_CLOSE}|(?:{_PLUS}|00)?86){_GAP}?"
_GROUPED: Final = "|".join(
    (
        "[0-9]{9}",
        f"[0-9]{_GAP}[0-9]{{4}}{_GAP}[0-9]{{4}}",
        f"[0-9]{_GAP}[0-9]{{8}}",
        f"[0-9]{{2}}{_GAP}[0-9]{{3}}{_GAP}[0-9]{{4}}",
        f"[0-9]{_GAP}[0-9]{{3}}{_GAP}[0-9]{{5}}",
        f"[0-9]{{5}}{_GAP}[0-9]{{4}}",
        f"[0-9]{{3}}{_GAP}[0-9]{{6}}",
        r"[0-9]\.[0-9]{4}\.[0-9]{4}",
    )
)
_MOBILE: Final = f"(?:{_CHINA})?1[3-9](?:{_GROUPED})"
_AREA: Final = "(?:10|2[0-9]|[3-9][0-9]{2})"
_LANDLINE: Final = (
    f"(?:(?:{_CHINA}0?{_AREA}|0{_AREA}){_CLOSE}?{_GAP}|{_OPEN}0{_AREA}{_CLOSE}{_GAP}?)[2-8][0-9]{{6,7}}"
)
_INTERNATIONAL: Final = f"{_PLUS}[1-9][0-9]{{0,2}}(?:(?:{_GAP}|{_OPEN}|{_CLOSE}|\\.){{0,2}}[0-9]){{6,13}}"
_DIALLED: Final = f"00[1-9][0-9]{{0,2}}{_GAP}(?:{_GAP}?[0-9]){{6,12}}"
_AMERICAN: Final = (
    rf"(?:1(?:{_GAP}|\.))?(?:{_OPEN}[2-9][0-9]{{2}}{_CLOSE}{_GAP}?|[2-9][0-9]{{2}}[.-])"
    rf"[2-9][0-9]{{2}}(?:{_GAP}|\.)[0-9]{{4}}"
)
_CARD: Final = "|".join(
    (
        "[2-68][0-9]{13,18}",
        f"[2-68][0-9]{{3}}(?:{_GAP}[0-9]{{4}}){{3}}(?:{_GAP}[0-9]{{1,3}})?",
        f"3[0-9]{{3}}{_GAP}[0-9]{{6}}{_GAP}[0-9]{{4,5}}",
        f"62[0-9]{{4}}{_GAP}[0-9]{{10,13}}",
    )
)
_ID_NUMBER: Final = f"[1-9][0-9]{{5}}{_GAP}?(?:18|19|20)[0-9]{{6}}{_GAP}?[0-9]{{3}}[0-9Xx]"
_USCC: Final = "[1-9AaNnYy][1-9][0-9]{6}[0-9A-HJ-NPQRTUWXYa-hj-npqrtuwxy]{10}"

# One pass for all: group 1 is a phone number by its form, group 2 may be another number by its check digit.
_ANY: Final = linear(
    f"{_BEFORE}(?:({_MOBILE}|{_LANDLINE}|{_INTERNATIONAL}|{_DIALLED}|{_AMERICAN})"
    f"|({_ID_NUMBER}|{_CARD}|{_USCC})){_AFTER}",
    capture=True,
)
_LAST_GROUP: Final = re.compile(rb"(?:[^0-9]|%(?:25)*2[0dD])+[0-9]{1,3}\Z")
_UUID: Final = re.compile(
    rb"(?<![0-9a-fA-F])[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}(?![0-9a-fA-F])"
)
_UUID_BYTES: Final = 36
_DOT: Final = ord(".")


def find_numbers(body: bytes) -> Iterator[tuple[int, int, str]]:
    """Yields begin, end and kind of each number, in order; the kind is "" for what only looked like one."""
    at = 0
    while found := _ANY.search(body, at):
        is_phone = found.start(1) >= 0
        start, end = found.span(1 if is_phone else 2)
        end, kind = (end, "phone") if is_phone else _checked(body, start, end)
        if kind and (_is_fraction(body, start, end) or _is_in_uuid(body, start, end)):
            kind = ""
        yield start, end, kind
        at = end if kind else start + 1


def _checked(body: bytes, start: int, end: int) -> tuple[int, str]:
    """The end and the kind of a number with a check digit; the last group of digits may not belong to it."""
    text = body[start:end].decode("ascii", "ignore")
    if text.isalnum():
        return end, _kind_of(text) or ("uscc" if is_uscc(text) else "")
    if kind := _kind_of(text):
        return end, kind
    shorter = _LAST_GROUP.sub(b"", body[start:end])
    return start + len(shorter), _kind_of(shorter.decode("ascii", "ignore"))


def _kind_of(text: str) -> str:
    signs = "".join(filter(str.isalnum, unquoted(text)))
    if is_id_number(signs):
        return "id_number"
    return "card" if is_card(signs) else ""


def _is_fraction(body: bytes, start: int, end: int) -> bool:
    """Tells the digits after a point, or before it: 31.23041600001 is no phone number."""
    if start > 1 and body[start - 1] == _DOT and body[start - 2 : start - 1].isdigit():
        return True
    return body[end : end + 1] == b"." and body[end + 1 : end + 2].isdigit()


def _is_in_uuid(body: bytes, start: int, end: int) -> bool:
    around = _UUID.finditer(body, max(0, start - _UUID_BYTES), end + _UUID_BYTES)
    return any(found.start() <= start and end <= found.end() for found in around)
