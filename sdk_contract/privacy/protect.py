"""Treats the properties of one event that the tracking plan gives a class of personal data."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final, TypeAlias

import msgspec
from msgspec import Raw, Struct

from sdk_contract.privacy.actions import treated
from sdk_contract.privacy.policy import Policy
from sdk_contract.privacy.vault import Vault

Classes: TypeAlias = Mapping[tuple[str, ...], str]

_HOLDERS: Final = ("properties", "traits")
_ANY_ITEM: Final = "*"
# How an object, null, or nothing begins.
_OBJECT: Final = (b"{", b"n", b"")
_NAMES: Final = (b'"properties"', b'"traits"', b'"context"')
_SEALED: Final = re.compile(rb'"sj:seal:[a-z]{1,20}:[A-Za-z0-9_-]+"')
_decode_object = msgspec.json.Decoder(dict[str, Raw]).decode
_decode_list = msgspec.json.Decoder(list[Raw]).decode
_decode = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder().encode


class Node(Struct, frozen=True, eq=False):
    """One place of the plan: its class, and the places within it."""

    of_class: str | None
    children: dict[str, Node]

    def stray(self) -> str | None:
        """The class for a plain value that stands where the plan has an object or a list."""
        return self.of_class or next(filter(None, (child.stray() for child in self.children.values())), None)


class _Planned(Struct, frozen=True, eq=False):
    """The plan's tree, and as JSON the keys of its first level; none where every key is planned."""

    tree: Node
    keys: tuple[bytes, ...]


class _Holders(Struct, gc=False):
    properties: Raw = Raw()
    traits: Raw = Raw()
    context: Raw = Raw()


_decode_holders = msgspec.json.Decoder(_Holders).decode


def protect_event(raw: bytes, classes: Classes, policy: Policy, vault: Vault) -> bytes:
    """The event with its planned personal data treated; what is not planned keeps its bytes.

    `classes`: path under `properties`, `traits` and `context.traits` ("*" for the items of a list) -> class.
    A dropped text becomes "", another dropped value null; what else is treated becomes text. An event that
    cannot be read becomes one JSON string, its sealed bytes.
    """
    if not classes or not policy.treats_planned:
        return raw
    planned, walk = _planned(tuple(classes.items())), _Walk(policy, vault)
    try:
        quick = _spliced(raw, planned, walk)
        return walk.event(raw, planned.tree) if quick is None else quick
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return sealed_event(raw, vault)


def sealed_event(raw: bytes, vault: Vault) -> bytes:
    """An event that cannot be read, as one JSON string that only the quarantine key opens."""
    if _SEALED.fullmatch(raw):
        return raw
    return f'"{vault.seal(bytes(raw))}"'.encode()


def _spliced(raw: bytes, planned: _Planned, walk: _Walk) -> bytes | None:
    """An ordinary event, with only the objects written anew in which something is planned.

    None where that cannot be told at a glance: escapes, keys that stand twice, traits in the context.
    """
    if not planned.keys or (b"\\" in raw and b"\\u" in raw):
        return None
    found = _decode_holders(raw)
    holders = (
        (_NAMES[0], found.properties, bytes(found.properties)),
        (_NAMES[1], found.traits, bytes(found.traits)),
    )
    if holders[0][2][:1] not in _OBJECT or holders[1][2][:1] not in _OBJECT:
        return None
    if b'"traits"' in bytes(found.context):
        return None
    if not _has(raw, planned.keys):
        return raw
    if any(raw.count(name) > 1 for name in _NAMES):
        return None
    for name, holder, part in holders:
        if _has(part, planned.keys):
            at = raw.index(part, raw.index(name))
            raw = raw[:at] + bytes(walk.value(holder, planned.tree, None)) + raw[at + len(part) :]
    return raw


def _has(text: bytes, keys: tuple[bytes, ...]) -> bool:
    for key in keys:  # noqa: SIM110 - called for every event, and a generator costs more than the search
        if key in text:
            return True
    return False


@lru_cache(4096)
def _planned(classes: tuple[tuple[tuple[str, ...], str], ...]) -> _Planned:
    first = {path[0] if path else _ANY_ITEM for path, _ in classes}
    keys = () if _ANY_ITEM in first else tuple(_encode(step) for step in sorted(first))
    return _Planned(_tree(classes), keys)


def _tree(classes: tuple[tuple[tuple[str, ...], str], ...]) -> Node:
    children: dict[str, list[tuple[tuple[str, ...], str]]] = {}
    for path, of_class in classes:
        if path:
            children.setdefault(path[0], []).append((path[1:], of_class))
    here = next((of_class for path, of_class in classes if not path), None)
    return Node(here, {step: _tree(tuple(rest)) for step, rest in children.items()})


class _Walk:
    """One event's way through the plan's tree. Every level that is entered is written anew, so that of equal
    keys only the last one is left, which is the one that every reader sees."""

    def __init__(self, policy: Policy, vault: Vault) -> None:
        self._actions: Mapping[Any, str] = policy.pii
        self._vault = vault

    def event(self, raw: bytes, tree: Node) -> bytes:
        event = _decode_object(raw)
        for holder in _HOLDERS:
            if holder in event:
                event[holder] = self.value(event[holder], tree, None)
        if "context" in event and bytes(event["context"]).startswith(b"{"):
            event["context"] = self.value(event["context"], Node(None, {"traits": tree}), None)
        return _encode(event)

    def value(self, raw: Raw, node: Node | None, inherited: str | None) -> Raw:
        of_class = node.of_class if node and node.of_class else inherited
        if node is None and of_class is None:
            return raw
        begin = bytes(raw)[:1]
        if begin == b"{":
            return self._object(raw, node, of_class)
        if begin == b"[":
            item = node.children.get(_ANY_ITEM, node) if node else None
            return Raw(_encode([self.value(one, item, of_class) for one in _decode_list(raw)]))
        return self._scalar(raw, of_class or (node.stray() if node else None))

    def _object(self, raw: Raw, node: Node | None, of_class: str | None) -> Raw:
        children = node.children if node else {}
        fallback = children.get(_ANY_ITEM)
        members = _decode_object(raw)
        for name, value in members.items():
            members[name] = self.value(value, children.get(name, fallback), of_class)
        return Raw(_encode(members))

    def _scalar(self, raw: Raw, of_class: str | None) -> Raw:
        action = self._actions.get(of_class, "keep")
        if of_class is None or action == "keep":
            return raw
        value = _decode(raw)
        if isinstance(value, str):
            return Raw(_encode(treated(of_class, value, action, self._vault)))
        if value is None or action == "drop":
            return Raw(b"null")
        if isinstance(value, bool):
            return raw
        return Raw(_encode(treated(of_class, _number_text(value, raw), action, self._vault)))


def _number_text(value: int | float, raw: Raw) -> str:
    """How a number is written as a text: 1.3812345678e10 is a phone number too."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return bytes(raw).decode().strip()
