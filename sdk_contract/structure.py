"""Finds the parts of a JSON text without believing it: what a decoder refuses whole can be split,
and one part refused alone. Nothing here recurses, and time is linear in the length of the text."""

import re
from collections.abc import Iterator

MAX_DEPTH = 100
# What is beyond these was not sent by an SDK, and is not split, so that no request can hold up the others.
MAX_PARTS = 10_000
MAX_BRACKETS = 1_000_000

# Escapes are stepped over, never read: a broken one stays inside its string. A lone quote: no end.
# The end of the text is found too, or a search would go on inside the last string.
_STRING = rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
_BRACKETS = re.compile(rb'(?:[^"\[\]{}]++|' + _STRING + rb')*+([\[{]++|[\]}]++|"|\Z)', re.DOTALL)
_KEY = re.compile(rb"\s*+(" + _STRING + rb")\s*+:\s*+", re.DOTALL)
_SCALAR = re.compile(_STRING + rb'|[^,\[\]{}":\s][^,\[\]{}":]*+', re.DOTALL)
_SPACE = re.compile(rb"\s*+")
_OPENERS = (b"[", b"{")
_CLOSERS = (b"]", b"}")


class Broken(ValueError):
    """The text cannot be split: something is not closed, stands where it cannot, or there is too much."""


def depth_of(text: bytes) -> int:
    """Returns how deep objects and lists are nested in a JSON text, 1 for a flat object."""
    depth = deepest = 0
    for found in _BRACKETS.finditer(text):
        run = found[1]
        if run[:1] in _OPENERS:
            depth += len(run)
            deepest = max(deepest, depth)
        elif run[:1] in _CLOSERS:
            depth -= len(run)
    return deepest


def is_too_deep(text: bytes, limit: int = MAX_DEPTH) -> bool:
    """Tells whether the nesting passes the limit; a text with few brackets is not read through."""
    return text.count(b"{") + text.count(b"[") > limit and depth_of(text) > limit


def members(text: bytes) -> dict[bytes, bytes]:
    """Splits the text of an object into keys (as written, with quotes) and texts of values, or raises Broken.

    The last of equal keys wins, as in every decoder.
    """
    return dict(_pairs(text))


def elements(text: bytes) -> list[bytes]:
    """Splits the text of one list into the texts of its elements; Broken if it cannot."""
    return list(_values(text))


def _pairs(text: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = _begin(text, b"{")
    for _ in range(MAX_PARTS + 1):
        if text[at : at + 1] == b"}":
            return _finish(text, at)
        key = _KEY.match(text, at)
        if key is None:
            raise Broken
        end = _end_of_value(text, key.end())
        yield key[1], text[key.end() : end].rstrip()
        at = _next(text, end, b"}")
    raise Broken


def _values(text: bytes) -> Iterator[bytes]:
    at = _begin(text, b"[")
    for _ in range(MAX_PARTS + 1):
        if text[at : at + 1] == b"]":
            return _finish(text, at)
        end = _end_of_value(text, at)
        yield text[at:end].rstrip()
        at = _next(text, end, b"]")
    raise Broken


def _begin(text: bytes, opener: bytes) -> int:
    at = _skip(text, 0)
    if text[at : at + 1] != opener or text.count(b"[") + text.count(b"{") > MAX_BRACKETS:
        raise Broken
    return _skip(text, at + 1)


def _next(text: bytes, at: int, closer: bytes) -> int:
    """Gives the place of the next value, or of the closing bracket."""
    at = _skip(text, at)
    if text[at : at + 1] == closer:
        return at
    following = _skip(text, at + 1)
    if text[at : at + 1] != b"," or text[following : following + 1] in (closer, b""):
        raise Broken
    return following


def _finish(text: bytes, at: int) -> None:
    if _skip(text, at + 1) != len(text):
        raise Broken


def _skip(text: bytes, at: int) -> int:
    space = _SPACE.match(text, at)
    return space.end() if space else at


def _end_of_value(text: bytes, at: int) -> int:
    if text[at : at + 1] in (b"[", b"{"):
        return _end_of_nest(text, at)
    scalar = _SCALAR.match(text, at)
    if scalar is None:
        raise Broken
    return scalar.end()


def _end_of_nest(text: bytes, at: int) -> int:
    depth = 0
    for found in _BRACKETS.finditer(text, at):
        run = found[1]
        if run[:1] in _OPENERS:
            depth += len(run)
        elif run[:1] not in _CLOSERS:
            break
        elif len(run) >= depth:
            return found.start(1) + depth
        else:
            depth -= len(run)
    raise Broken
