"""Which rows a user may see, and which fields of them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from warehouse.errors import RegistryError

_NAME: Final = re.compile(r"[\w.$ -]{1,100}")
_MOST: Final = 1_000


class Scope(msgspec.Struct, frozen=True):
    """The rows and fields that a user may see.

    `projects`: those alone; empty: all. `attributes`: only customers one of whose values of each of these
    attributes is given (`{"owner": ["li"]}`); events and sessions come with their customers. `masks`: names
    of personal fields that are shown as •••.
    """

    projects: tuple[str, ...] = ()
    attributes: Mapping[str, tuple[str, ...]] = msgspec.field(default_factory=dict)
    masks: tuple[str, ...] = ()

    @property
    def everything(self) -> bool:
        """Whether nothing is left out and nothing masked."""
        return not (self.bounded or self.masks)

    @property
    def bounded(self) -> bool:
        """Whether some rows are left out."""
        return bool(self.projects or self.attributes)

    def key(self) -> bytes:
        """Equal scopes, equal keys."""
        return msgspec.json.encode(self, order="deterministic")


def scope(projects: Sequence[str], attributes: Mapping[str, Sequence[str]], masks: Sequence[str]) -> Scope:
    """A scope from what a person gave. RegistryError names what cannot be one."""
    for name in (*attributes, *masks):
        if not _NAME.fullmatch(name):
            raise RegistryError(
                f"field {name!r} will not do: letters, digits, . _ - and $, at most 100 of them"
            )
    for name, values in attributes.items():
        if not 0 < len(values) <= _MOST:
            raise RegistryError(f"{name} has {len(values)} values; it takes 1 to {_MOST}")
    texts = {name: tuple(sorted(set(values))) for name, values in sorted(attributes.items())}
    return Scope(tuple(sorted(set(projects))), texts, tuple(sorted(set(masks))))
