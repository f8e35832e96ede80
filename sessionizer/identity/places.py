"""Where ids are looked for in an event besides its fields, and what is found there, in one spelling."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, NamedTuple

import msgspec

from sdk_contract.cleaning import normal_email, normal_phone
from sdk_contract.privacy.actions import is_token
from sdk_contract.privacy.checksums import is_uscc
from sessionizer.identity.junk import is_junk
from sessionizer.identity.rules import IdentityRules

EXTERNAL: Final = "external_ids"
_DEVICE: Final = (("device_id", '$."device"."id"'), ("advertising_id", '$."device"."advertisingId"'))
_OTHER_NAMES: Final = {
    "android.idfa": "advertising_id",
    "ios.idfa": "advertising_id",
    "android.id": "device_id",
    "ios.id": "device_id",
}


class Place(NamedTuple):
    """Where an id of a kind is: a path into JSON."""

    kind: str
    path: str


class Meant(NamedTuple):
    """What a text found at a place means: an id, or with `rule` why it is none."""

    place: str
    raw: str
    kind: str
    value: str | None
    rule: str | None


def trait_places(rules: IdentityRules) -> list[Place]:
    """Where the traits of an identify or group hold ids."""
    return [Place(kind.name, f'$."{_name(name)}"') for kind in rules.kinds for name in kind.traits]


def context_places(rules: IdentityRules) -> list[Place]:
    """Where the context of any event holds ids; of a list of external ids, the whole list."""
    traits = [Place(place.kind, f'$."traits"{place.path[1:]}') for place in trait_places(rules)]
    return [*traits, *(Place(*one) for one in _DEVICE), Place(EXTERNAL, '$."externalIds"')]


def meanings(texts: Iterable[tuple[str, str]], rules: IdentityRules) -> list[Meant]:
    """What each (kind of the place, text) means; one list of external ids can mean several."""
    known = frozenset(kind.name for kind in rules.kinds)
    words = frozenset(word.lower() for word in rules.junk)
    found = []
    for place, raw in texts:
        ids = _external(raw, known) if place == EXTERNAL else [(place, raw)]
        for kind, text in ids:
            found.append(Meant(place, raw, kind, *_read(kind, text, words, rules.longest)))
    return found


def _read(kind: str, text: str, words: frozenset[str], longest: int) -> tuple[str | None, str | None]:
    """The id in one way of writing it, or why it is none. What privacy treatment left of it stays as it is,
    and of a masked value no person can be told.
    """
    bare = text.strip()
    if is_token(bare):
        return bare, None
    if why := is_junk(bare, words, longest):
        return None, "too_long" if why == "too_long" else "no_id"
    if "***" in bare:
        return None, "masked"
    reader = _READERS.get(kind)
    if reader is None:
        return bare, None
    value = reader(bare)
    if value is None or is_junk(value, words, longest):
        return None, "malformed" if value is None else "no_id"
    return value, None


def _uscc(text: str) -> str | None:
    return text.upper() if is_uscc(text) else None


_READERS: Final[dict[str, Callable[[str], str | None]]] = {
    "email": normal_email,
    "phone": normal_phone,
    "uscc": _uscc,
    "advertising_id": str.lower,
}


def _external(raw: str, known: frozenset[str]) -> Iterator[tuple[str, str]]:
    """The ids of a list as Segment's libraries send it; what is not of that form says nothing."""
    try:
        given = msgspec.json.decode(raw)
    except msgspec.DecodeError:
        return
    for one in given if isinstance(given, list) else ():
        if isinstance(one, dict) and one.get("collection") in (None, "users") and _plain(one):
            kind = _OTHER_NAMES.get(one["type"], one["type"])
            if kind in known:
                yield kind, str(one["id"])


def _plain(one: dict[str, Any]) -> bool:
    said = isinstance(one.get("id"), str | int) and isinstance(one.get("type"), str)
    return said and one.get("encoding") in (None, "none")


def _name(name: str) -> str:
    """A trait's name within a path; a quotation mark in it would end it."""
    return name.replace('"', "").replace("\\", "").replace("'", "")
