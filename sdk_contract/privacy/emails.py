"""Finds e-mail addresses in a text, in linear time: plain, in URLs (%40), in JSON within JSON."""

import re
from collections.abc import Iterator
from heapq import merge
from typing import Any, Final

import re2

from sdk_contract.escapes import end_of_escape


def linear(pattern: str, *, capture: bool = False) -> Any:
    """A pattern over bytes that takes linear time, whatever the text is."""
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.never_capture = not capture
    return re2.compile(pattern.encode("latin-1"), options=options)


_AT_IN_URL: Final = linear("%(?:25)*40")
_LOCAL_BYTES: Final = 64
# Read from the @ backwards. What separates parts of a URL (= & ? /) is in no address that people have.
_LOCAL_REVERSED: Final = re.compile(rb"[A-Za-z0-9._+%'~-]+")
_PERCENT: Final = re.compile(rb"%(?:25)*([0-9a-fA-F]{2})?")
_DOT: Final = rb"(?:\.|%(?:25)*2[eE])"
_DOMAIN: Final = re.compile(
    rb"(?:[A-Za-z0-9-]{1,63}" + _DOT + rb"){1,9}(xn--[A-Za-z0-9-]{1,59}|[A-Za-z]{2,24})(?![A-Za-z0-9])"
)
_DOMAIN_ABROAD: Final = re.compile(
    rb"(?:(?:[A-Za-z0-9\x80-\xff-]|\\u[0-9a-fA-F]{4}){1,63}\.){1,9}(?:[\x80-\xff]|\\u[0-9a-fA-F]{4}|[A-Za-z]){2,60}"
)
# icon@2x.png and vue@3.2.45 are names of files and versions.
_FILES: Final = frozenset(
    b"avif bmp css gif html ico jpeg jpg js json jsx map mjs mp3 mp4 pdf php png svg ts tsx txt webp".split()
)
_VERSION: Final = re.compile(rb"[0-9]+\.[0-9]+\.")
_WIDE: Final = 0x80
_STAYS_ENCODED: Final = frozenset(b"+.-_~'") | frozenset(
    b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
)


def find_emails(body: bytes) -> Iterator[tuple[int, int]]:
    """Yields where addresses begin and end, in order, and an empty span for an @ that is in none."""
    done = 0
    for at, after in _signs(body):
        domain = _DOMAIN.match(body, after) or _DOMAIN_ABROAD.match(body, after)
        start = at if domain is None or at < done or _is_file(domain) else _local_start(body, at, done)
        if domain is None or start == at:
            yield at, at
            continue
        done = domain.end()
        yield start, done


def _signs(body: bytes) -> Iterator[tuple[int, int]]:
    """Where an @ stands, plain or as %40, in order; one by one, so that the reader can stop at too many."""
    plain = ((at, at + 1) for at in _places(body, b"@"))
    if b"%" not in body or _AT_IN_URL.search(body) is None:
        return plain
    return merge(plain, (sign.span() for sign in _AT_IN_URL.finditer(body)))


def _places(body: bytes, sign: bytes) -> Iterator[int]:
    at = body.find(sign)
    while at >= 0:
        yield at
        at = body.find(sign, at + 1)


def _is_file(domain: re.Match[bytes]) -> bool:
    top = domain[1] if domain.re is _DOMAIN else b""
    return top.lower() in _FILES or _VERSION.match(domain[0]) is not None


def _local_start(body: bytes, at: int, done: int) -> int:
    """Where the part before the @ begins; `at` where there is none. `done`: where the address before ends."""
    lowest = max(done, at - _LOCAL_BYTES)
    local = _LOCAL_REVERSED.match(body[lowest:at][::-1])
    start = at if local is None else at - local.end()
    start = max(start, min(at, end_of_escape(body, start)))
    for found in _PERCENT.finditer(body, start, at):
        if found[1] is None or int(found[1], 16) not in _STAYS_ENCODED:
            start = found.end()
    while start < at and body[start] in b".'-~+":
        start += 1
    return start if start < at else _local_abroad(body, at, lowest)


def _local_abroad(body: bytes, at: int, lowest: int) -> int:
    """The same for names in other letters than A to Z, written as they are or as \\u5f20."""
    start = at
    while start > lowest:
        if body[start - 1] >= _WIDE:
            start -= 1
        elif body[start - 6 : start - 4] == b"\\u" and start - 6 >= lowest:
            start -= 6
        else:
            break
    while start < at and _WIDE <= body[start] < 0xC0:
        start += 1
    return start
