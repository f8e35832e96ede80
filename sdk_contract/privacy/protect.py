"""Treats the properties of one event that the tracking plan gives a class of personal data."""

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
_SEALED: Final = re.compile(rb'"sj:seal:[a-z]{1,20}:[A-Za-z0-9_-]+"')
_decode_object = msgspec.json.Decoder(dict[str, Raw]).decode
_decode_list = msgspec.json.Decoder(list[Raw]).decode
_decode = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder().encode


class Node(Struct, frozen=True, eq=False):
    """One place of the plan: its class, and the places within it."""

    of_class: str | None
    children: dict[str, "Node"]

    def stray(self) -> str | None:
        """The class for a plain value that stands where the plan has an object or a list."""
        return self.of_class or next(filter(None, (child.stray() for child in self.children.values())), None)


def protect_event(raw: bytes, classes: Classes, policy: Policy, vault: Vault) -> bytes:
    """The event with its planned personal data treated; what is not planned keeps its bytes.

    `classes`: path under `properties`, `traits` and `context.traits` ("*" for the items of a list) -> class.
    A dropped text becomes "", another dropped value null; what else is treated becomes text. An event that
    cannot be read becomes one JSON string, its sealed bytes.
    """
    if not classes or not policy.treats_planned:
        return raw
    try:
        return _Walk(policy, vault).event(raw, _tree(tuple(classes.items())))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return sealed_event(raw, vault)


def sealed_event(raw: bytes, vault: Vault) -> bytes:
    """An event that cannot be read, as one JSON string that only the quarantine key opens."""
    if _SEALED.fullmatch(raw):
        return raw
    return f'"{vault.seal(bytes(raw))}"'.encode()


@lru_cache(4096)
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
                event[holder] = self._value(event[holder], tree, None)
        if "context" in event and bytes(event["context"]).startswith(b"{"):
            event["context"] = self._value(event["context"], Node(None, {"traits": tree}), None)
        return _encode(event)

    def _value(self, raw: Raw, node: Node | None, inherited: str | None) -> Raw:
        of_class = node.of_class if node and node.of_class else inherited
        if node is None and of_class is None:
            return raw
        begin = bytes(raw)[:1]
        if begin == b"{":
            return self._object(raw, node, of_class)
        if begin == b"[":
            item = node.children.get(_ANY_ITEM, node) if node else None
            return Raw(_encode([self._value(one, item, of_class) for one in _decode_list(raw)]))
        return self._scalar(raw, of_class or (node.stray() if node else None))

    def _object(self, raw: Raw, node: Node | None, of_class: str | None) -> Raw:
        children = node.children if node else {}
        fallback = children.get(_ANY_ITEM)
        members = _decode_object(raw)
        for name, value in members.items():
            members[name] = self._value(value, children.get(name, fallback), of_class)
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
