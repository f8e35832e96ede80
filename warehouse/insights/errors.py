"""Why a question cannot be answered as it was asked."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from sdk_contract.errors import Terminal

MOST_NEAR = 3


class BadQuestion(Terminal):
    """A field of a question has a value that cannot be meant; the text says which would do."""


class UnknownName(BadQuestion):
    """An event, a field or a project that the lake does not know."""


def unknown(kind: str, name: str, known: Iterable[str]) -> UnknownName:
    """The error for a name that is not there, with those that are written nearly so."""
    names = {one.lower(): one for one in known}
    near = [names[one] for one in get_close_matches(name.lower(), [*names], MOST_NEAR, 0.6)]
    offered = f"near it: {', '.join(map(repr, near))}" if near else _some(sorted(names.values()))
    return UnknownName(f"{kind} {name[:80]!r} is not known here; {offered}")


def _some(names: list[str]) -> str:
    shown = ", ".join(repr(one) for one in names[:5])
    return f"there are {shown}{' and others' if len(names) > 5 else ''}" if names else "there is none at all"
