"""Cleaning inside the JSON text of an event's properties or traits."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

import msgspec
from msgspec import Raw

from sdk_contract.cleaning.kinds import clean

Path = tuple[str, ...]
Tree = dict[str, Any]

_decode_members = msgspec.json.Decoder(dict[str, Raw]).decode
_decode_items = msgspec.json.Decoder(list[Raw]).decode
_decode = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder().encode
_UNREADABLE: Final = (msgspec.DecodeError, UnicodeError, RecursionError)


def clean_properties(text: str | bytes, cleaners: Mapping[Path, str]) -> tuple[str, dict[str, object]] | None:
    """Cleans the values at some paths of a JSON object; None where nothing changed.

    `cleaners` gives the kind of the value at each path, "*" stands for every item of a list. Returns the new
    JSON text, in which everything else is written as it was, and a JSON pointer into it -> value as sent
    for each change. A text that cannot be read is left alone.
    """
    changed: dict[str, object] = {}
    tree = _tree(tuple(cleaners.items()))
    try:
        if not _needs_cleaning(_decode(text), tree):
            return None
        cleaned = _clean(text, tree, "", changed)
    except _UNREADABLE:
        return None
    return (bytes(cleaned).decode(), changed) if changed else None


@lru_cache(maxsize=4096)
def _tree(cleaners: tuple[tuple[Path, str], ...]) -> Tree:
    tree: Tree = {}
    for path, kind in cleaners:
        inner = tree
        for step in path[:-1]:
            inner = inner.setdefault(step, {})
        inner[path[-1]] = kind
    return tree


def _needs_cleaning(value: Any, wanted: Any) -> bool:
    """A quick look at the whole, since most events are clean."""
    if type(wanted) is str:
        return clean(wanted, value) is not value
    if type(value) is dict:
        for name, inner in wanted.items():
            if name in value and _needs_cleaning(value[name], inner):
                return True
    elif type(value) is list and "*" in wanted:
        for item in value:
            if _needs_cleaning(item, wanted["*"]):
                return True
    return False


def _clean(raw: Raw | str | bytes, wanted: Tree | str, pointer: str, changed: dict[str, object]) -> Raw:
    """The cleaned JSON text of one value; what changed is added to `changed`."""
    if isinstance(wanted, str):
        return _value(raw, wanted, pointer, changed)
    before = len(changed)
    parts = (
        _items(raw, wanted, pointer, changed) if "*" in wanted else _members(raw, wanted, pointer, changed)
    )
    return Raw(_encode(parts)) if len(changed) > before else Raw(raw)


def _value(raw: Raw | str | bytes, kind: str, pointer: str, changed: dict[str, object]) -> Raw:
    value = _decode(raw)
    cleaned = clean(kind, value)
    if cleaned is value:
        return Raw(raw)
    changed[pointer] = value
    return Raw(_encode(cleaned))


def _members(raw: Raw | str | bytes, wanted: Tree, pointer: str, changed: dict[str, object]) -> Any:
    try:
        members = _decode_members(raw)
    except msgspec.ValidationError:  # of another type than the plan says: not ours to judge
        return raw
    for name, inner in wanted.items():
        if name in members:
            members[name] = _clean(members[name], inner, f"{pointer}/{_escaped(name)}", changed)
    return members


def _items(raw: Raw | str | bytes, wanted: Tree, pointer: str, changed: dict[str, object]) -> Any:
    try:
        items = _decode_items(raw)
    except msgspec.ValidationError:
        return raw
    inner = wanted["*"]
    return [_clean(item, inner, f"{pointer}/{number}", changed) for number, item in enumerate(items)]


def _escaped(step: str) -> str:
    return step.replace("~", "~0").replace("/", "~1")
