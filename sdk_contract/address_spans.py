"""Finds the IP addresses in a JSON text, in linear time, and tells them from versions."""

import re
from collections.abc import Callable, Iterator
from functools import lru_cache, partial
from ipaddress import AddressValueError, IPv6Address
from typing import Any, Final, TypeAlias

import re2

from sdk_contract.errors import Refused
from sdk_contract.escapes import end_of_escape
from sdk_contract.verdicts import Reason

MAX_CANDIDATES: Final = 50_000

# Where an address begins and ends, and what it is; an IPv4 one is left as its bytes.
Span: TypeAlias = tuple[int, int, IPv6Address | None]
# What is an address by itself: an IPv6 one, or one of four numbers.
Alone: TypeAlias = tuple[IPv6Address | None]
# Where in a text, from a place on, a sign of an address stands; its length where there is none.
Seeker: TypeAlias = Callable[[bytes, int], int]

_V4: Final = r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}"
_HEX: Final = "[0-9a-fA-F]{1,4}"
_DOTS_BEFORE: Final = r"\.[0-9]{1,3}\.[0-9]{1,3}\."
# In a URL's query a colon is often %3A, and in a URL within that query %253A.
_ENCODED: Final = "%(?:25)*3[aA]"
_COLON: Final = f"(?::|{_ENCODED})"
_GROUPS: Final = f"(?:{_HEX}{_COLON}){{0,6}}"
_SHORTENED: Final = f"(?:{_GROUPS}{_HEX})?{_COLON}{_COLON}(?:{_GROUPS}(?:{_V4}|{_HEX}))?"
_WHOLE: Final = f"(?:{_HEX}{_COLON}){{6}}(?:{_V4}|{_HEX}{_COLON}{_HEX})"


def _linear(pattern: str) -> Any:
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.never_capture = True
    return re2.compile(pattern.encode(), options=options)


def _seeker(pattern: str) -> Seeker:
    """A linear search. Of a match only its beginning is asked for, so the package's own objects are left out.

    They cost more than a search of one event. Without what they stand on, which is no promise of the package,
    it is slower.
    """
    found = _linear(pattern)
    try:
        match, anywhere = found._regexp.Match, type(found._regexp).Anchor.UNANCHORED
    except AttributeError:
        return partial(_search, found)

    def seek(body: bytes, at: int) -> int:
        first: int = match(anywhere, body, at, len(body))[0][0]
        return len(body) if first < 0 else first

    return seek


def _search(pattern: Any, body: bytes, at: int) -> int:
    found = pattern.search(body, at)
    return len(body) if found is None else int(found.start())


_CANDIDATE: Final = _linear(f"{_SHORTENED}|{_WHOLE}|{_V4}")
_CANDIDATE_V4: Final = _linear(_V4)
_FIRST_GROUP: Final = re.compile(f"{_HEX}{_COLON}(?!{_COLON})".encode())
_EIGHT_PAIRS: Final = re.compile(rb"(?:[0-9a-fA-F]{2}:){7}[0-9a-fA-F]{2}")
# Each begins with the letter that all forms of an address have: the search leaps from one to the next.
_COLONS: Final = _seeker(f":(?::|(?:{_HEX}:){{3}})")
_PERCENT_COLON: Final = _seeker(_ENCODED)
_DOTS: Final = _seeker(_DOTS_BEFORE + "[0-9]{1,3}(?:[^0-9]|$)")
_SOME: Final = "(?:[1-9][0-9]{0,2}|0[0-9]{1,2})"
_ANY: Final = "[0-9]{1,3}"
_DOTS_NOT_ZERO: Final = _seeker(
    rf"\.(?:{_SOME}\.{_ANY}\.{_ANY}|0\.{_SOME}\.{_ANY}|0\.0\.{_SOME})(?:[^0-9]|$)"
)
_ZEROS: Final = b".0.0.0"
_DOTS_TO_CUT: Final = _seeker(_DOTS_BEFORE + "(?:[1-9][0-9]{0,2}|0[0-9]{1,2})(?:[^0-9]|$)")
_LETTERS: Final = re.compile(rb"[0-9a-fA-F:.%]*")
_COLON_ENCODED: Final = re.compile(_ENCODED.encode())
_QUAD: Final = re.compile(_V4.encode())
_HEX_AND_COLONS: Final = re.compile(rb"[0-9a-fA-F:]+")
_STEP: Final = 64
# An IPv6 address has 39 letters.
_LONGEST: Final = 40
# The longest name of a browser that is looked for.
_NAME: Final = 30
_BROWSER: Final = re.compile(rb" [A-Z][A-Za-z]*/[0-9]{1,3}")
_DOT: Final = ord(".")
_SLASH: Final = ord("/")
_DIGITS: Final = b"0123456789"
_WORD: Final = _DIGITS + b"_abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
# The byte before an address is one of these where an escape ends there, or reaches into it.
_ESCAPING: Final = _WORD + b"\\%"
# What may stand in the text of a version before its four numbers.
_BEFORE_VERSION: Final = re.compile(rb"[\w .:+@-]{0,60}")
_MARKS: Final = b"vV:"
_VERSION_MARK: Final = re.compile(rb"(?:(?:^|\W)[vV]|\brv:)$")
_PRODUCT: Final = re.compile(rb'(?:^|[\s"(;,\[])([A-Za-z][\w.+-]*)$')


def find_addresses(body: bytes, *, networks: bool = True) -> Iterator[Span]:
    """Yields the addresses of a text in order; hiding escapes must be undone before (`escapes.plain`).

    Forms: alone, in lists, with port, in brackets, in URLs (also with %3A), within text; IPv4 in IPv6.
    `networks`: those that end in `.0` too. Raises Refused(BODY_TOO_LARGE) for more of them than any SDK
    sends, so that no request can hold up the others.
    """
    done = -1
    candidates = 0
    dots = _DOTS_TO_CUT
    if networks:
        dots = _DOTS_NOT_ZERO if _has_only_browsers(body) else _DOTS
    for first, last, alone in _runs(body, dots):
        for start, end in _candidates(body, first, last) if alone is None else ((first, last),):
            candidates += 1
            if candidates > MAX_CANDIDATES:
                raise Refused(
                    Reason.BODY_TOO_LARGE, f"more than {MAX_CANDIDATES} IP addresses in one request"
                )
            for span in _spans_within(body, start, end, done, alone):
                yield span
                done = span[1]


def _candidates(body: bytes, first: int, last: int) -> Iterator[tuple[int, int]]:
    spans = (found.span() for found in _CANDIDATE.finditer(body, first, last))
    return ((start, end) for start, end in spans if not _is_plain_product(body, start))


def _runs(body: bytes, dots: Seeker) -> Iterator[tuple[int, int, Alone | None]]:
    """Yields the runs of letters of addresses in which one can be: where the signs of one leap out.

    With each what it is, where it is a string of nothing else: most addresses are.
    """
    seekers = (dots, _COLONS, _PERCENT_COLON) if b"%" in body else (dots, _COLONS)
    hits = [seek(body, 0) for seek in seekers]
    done = 0
    while (at := min(hits)) < len(body):
        first, last = _string_around(body, at, done)
        if first and (alone := _alone(body[first:last])):
            yield first, last, alone
        elif not (last := _end_of_browser(body, at)):
            last = at + _length(body, at)
            yield _begin_of_run(body, at, done), last, None
        done = last
        for number, hit in enumerate(hits):
            if hit < last:
                hits[number] = seekers[number](body, last)


def _string_around(body: bytes, at: int, done: int) -> tuple[int, int]:
    """What stands between quotes near `at`, the first of them not before `done`; (0, 0): nothing."""
    first = body.rfind(b'"', max(done, at - _LONGEST), at) + 1
    last = body.find(b'"', at, at + _LONGEST)
    return (first, last) if first and last > 0 else (0, 0)


@lru_cache(4096)
def _alone(text: bytes) -> Alone | None:
    """What an address is that nothing stands beside; None for all else, and for what is not that plain."""
    if _QUAD.fullmatch(text):
        return (None,) if max(map(int, text.split(b"."))) <= 255 else None
    ip = _read_v6(text) if _HEX_AND_COLONS.fullmatch(text) else None
    return (ip,) if ip else None


def _begin_of_run(body: bytes, at: int, done: int) -> int:
    """Where the run around `at` begins, not before `done`."""
    step = _STEP
    while at > done:
        before = body[max(done, at - step) : at][::-1]
        length = _length(before, 0)
        at -= length
        if length < len(before):
            break
        step *= 2
    return at


def _length(text: bytes, at: int) -> int:
    """How many letters of addresses stand here."""
    found = _LETTERS.match(text, at)
    return found.end() - at if found else 0


def _has_only_browsers(body: bytes) -> bool:
    """Tells, much faster than a search, that each `.0.0.0` belongs to a browser like ` Chrome/130`."""
    *parts, _ = body.split(_ZEROS)
    return not parts or all(_is_browser(part[part.rfind(b" ", -_NAME) :]) for part in parts)


@lru_cache(4096)
def _is_browser(text: bytes) -> bool:
    return _BROWSER.fullmatch(text) is not None


def _end_of_browser(body: bytes, at: int) -> int:
    """Where the version ends whose first dot stands at `at`, as in ` Chrome/130.0.0.0`; 0 for all else.

    Nearly every user agent has one: they are told apart here without a search.
    """
    start = at
    while start > at - 4 and body[start - 1] in _DIGITS:
        start -= 1
    if body[at] != _DOT or not 0 < at - start < 4 or not _is_plain_product(body, start):
        return 0
    found = _QUAD.match(body, start)
    return found.end() if found else 0


def _spans_within(body: bytes, start: int, end: int, done: int, alone: Alone | None) -> Iterator[Span]:
    """Yields what a candidate holds; `done` is the end of the address before it."""
    if alone is not None:
        if alone[0] is not None or not _is_version(body, start):
            yield start, end, alone[0]
    elif _is_dotted(body, start, end):
        if span := _dotted(body, start, end):
            yield span
    else:
        yield from _colonned(body, start, end, done)


def _is_plain_product(body: bytes, start: int) -> bool:
    """Tells ` Chrome/` by itself, which nearly every user agent has, without a search."""
    if not start or body[start - 1] != _SLASH:
        return False
    space = body.rfind(b" ", max(0, start - 40), start)
    name = body[space + 1 : start - 1]
    return space > 0 and name.isalpha() and name[:1].isupper()


def _is_dotted(body: bytes, start: int, end: int) -> bool:
    return body.find(b":", start, end) < 0 and body.find(b"%", start, end) < 0


def _dotted(body: bytes, start: int, end: int) -> Span | None:
    before = body[start - 1] if start else 0
    escape = end_of_escape(body, start) if before in _ESCAPING else 0
    if escape > start:
        moved = _CANDIDATE_V4.match(body, escape)
        return _dotted(body, *moved.span()) if moved else None
    if not escape and (before in _DIGITS or (before == _DOT and body[start - 2] in _DIGITS)):
        return None
    after = body[end : end + 2]
    if after[:1].isdigit() or (after[:1] == b"." and after[1:].isdigit()):
        return None
    if max(map(int, body[start:end].split(b"."))) > 255 or _is_version(body, start):
        return None
    return start, end, None


def _colonned(body: bytes, start: int, end: int, done: int) -> Iterator[Span]:
    span = _whole_v6(body, start, done)
    if span is not None:
        yield span
        start = span[1]
    if start < end:
        inner = (_dotted(body, *found.span()) for found in _CANDIDATE_V4.finditer(body, start, end))
        yield from (span for span in inner if span)


def _whole_v6(body: bytes, start: int, done: int) -> Span | None:
    """Reads the address at a candidate, or after the part of it that belongs to what stands before."""
    while True:
        escape = end_of_escape(body, start) if start and body[start - 1] in _ESCAPING else 0
        found = _CANDIDATE.match(body, max(start, escape))
        if found is None:
            return None
        start, end = found.span()
        if escape or start in (0, done) or body[start - 1] not in _WORD:
            break
        group = _FIRST_GROUP.match(body, start, end)
        if group is None:
            return None
        start = group.end()
    return None if _is_dotted(body, start, end) else _parsed(body, start, end)


def _parsed(body: bytes, start: int, end: int) -> Span | None:
    if end < len(body) and body[end] in _WORD:
        return None
    ip = _read_v6(body[start:end])
    return (start, end, ip) if ip else None


@lru_cache(4096)
def _read_v6(text: bytes) -> IPv6Address | None:
    """The address, unless it is none, or `::`, or a hardware address."""
    if _EIGHT_PAIRS.fullmatch(text):
        return None
    try:
        ip = IPv6Address(_COLON_ENCODED.sub(b":", text).decode())
    except AddressValueError:
        return None
    return ip if int(ip) else None


def _is_version(body: bytes, start: int) -> bool:
    before = body[start - 1] if start else 0
    if before == _SLASH:
        return _is_product(body, start - 1)
    if before in _MARKS and _VERSION_MARK.search(body, max(0, start - 4), start):
        return True
    opening = body.rfind(b'"', max(0, start - 61), start)
    if not _key_of(body, opening).endswith((b"version", b"build")):
        return False
    return _BEFORE_VERSION.fullmatch(body, opening + 1, start) is not None


def _is_product(body: bytes, slash: int) -> bool:
    """Tells whether `Chrome/` stands before: with a capital, or under a key that ends in "agent"."""
    token = _PRODUCT.search(body, max(0, slash - 60), slash)
    if token is None:
        return False
    if token[1][:1].isupper() and b"." not in token[1]:
        return True
    opening = body.rfind(b'"', max(0, slash - 1000), slash)
    return opening == 0 or _key_of(body, opening).endswith((b"agent", b"ua"))


def _key_of(body: bytes, opening: int) -> bytes:
    """Gives the end of the key, in small letters, whose value begins at the quote `opening`; else b""."""
    before = body[max(0, opening - 60) : max(0, opening)].rstrip(b"\\").rstrip()
    return before[:-1].rstrip(b' \t\r\n\\"').lower() if before.endswith(b":") else b""
