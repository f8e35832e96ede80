"""The rules of identity: built in, or with what a file of settings changes in them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from sessionizer.errors import BadRules
from sessionizer.identity.junk import LONGEST
from sessionizer.identity.kinds import COLUMNS, KINDS, SHARED_DEVICE, Bearer, IdKind

LoggedOut = Literal["nobody", "last_user"]
_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,39}")
_Count = Annotated[int, Meta(ge=1)]


class IdentityRules(msgspec.Struct, frozen=True):
    """By which rules ids are joined.

    `junk`: values that are no ids, besides those everybody sends. A customer has at most `most_ids` ids and
    `most_links` links between ids that were both known before. `logged_out`: to whom belongs what is done
    without a user on a device that several people use.
    """

    kinds: tuple[IdKind, ...] = KINDS
    junk: tuple[str, ...] = ()
    longest: int = LONGEST
    most_ids: int = 1_000
    most_links: int = 500
    logged_out: LoggedOut = "nobody"

    @property
    def daily(self) -> bool:
        """Whether it matters on which day an id was named."""
        return any(kind.window_days for kind in self.kinds) or self.mortal

    @property
    def mortal(self) -> bool:
        """Whether there are kinds with a time to live."""
        return any(kind.ttl_days for kind in self.kinds)


USUAL: Final = IdentityRules()


class _KindChange(msgspec.Struct, forbid_unknown_fields=True):
    priority: Annotated[int, Meta(ge=0, le=1_000)] | None = None
    limit: _Count | Literal["any"] | None = None
    window_days: _Count | None = None
    ttl: Annotated[str, Meta(pattern="^[1-9][0-9]{0,4}d$")] | Literal["none"] | None = None
    of: Bearer | None = None
    traits: tuple[str, ...] | None = None


class _File(msgspec.Struct, forbid_unknown_fields=True):
    kinds: dict[str, _KindChange] = {}
    junk: tuple[str, ...] = ()
    longest: Annotated[int, Meta(ge=16, le=100_000)] = LONGEST
    most_ids: Annotated[int, Meta(ge=2)] = 1_000
    most_links: _Count = 500
    logged_out: LoggedOut = "nobody"


def read_rules(path: str) -> IdentityRules:
    """The rules of a YAML or JSON file; without a path the built-in ones. Raises BadRules."""
    if not path:
        return USUAL
    try:
        found = msgspec.yaml.decode(Path(path).read_bytes(), type=_File)
    except OSError as error:
        raise BadRules(f"identity rules {path}: {error.strerror}") from error
    except (msgspec.MsgspecError, ValueError) as error:
        raise BadRules(f"identity rules {path}: {' '.join(str(error).split())}") from error
    rest = {name: getattr(found, name) for name in _File.__struct_fields__ if name != "kinds"}
    return IdentityRules(kinds=_kinds(found.kinds, path), **rest)


def text_of_identity(rules: IdentityRules) -> str:
    """Equal rules, equal text; also another one when the tables get another meaning."""
    return msgspec.json.encode([_MEANING, rules]).decode()


_MEANING: Final = 1


def _kinds(changes: Mapping[str, _KindChange], path: str) -> tuple[IdKind, ...]:
    known = {kind.name: kind for kind in KINDS}
    for name, change in changes.items():
        if _NAME.fullmatch(name) is None or name == SHARED_DEVICE:
            raise BadRules(
                f"identity rules {path}: kind {name!r} must be a name of small letters, digits and _"
            )
        known[name] = _changed(known.get(name), name, change, path)
    return tuple(known.values())


def _changed(kind: IdKind | None, name: str, change: _KindChange, path: str) -> IdKind:
    if kind is None and (change.priority is None or not change.traits):
        raise BadRules(f"identity rules {path}: kind {name!r} is new and needs a priority and traits")
    if name in COLUMNS and change.traits:
        raise BadRules(f"identity rules {path}: {name} is a field of events; it cannot be read from traits")
    if kind is not None and change.of not in (None, kind.of):
        raise BadRules(f"identity rules {path}: {name} is an id of a {kind.of} and stays one")
    said: dict[str, Any] = {
        field: value
        for field in _KindChange.__struct_fields__
        if (value := getattr(change, field)) is not None
    }
    if said.get("limit") == "any":
        said["limit"] = None
    if "ttl" in said:
        said |= {"ttl_days": _days(said.pop("ttl"))}
    changed = msgspec.structs.replace(kind or IdKind(name, 0), **said)
    if changed.ttl_days and (name in COLUMNS or changed.of == "account"):
        raise BadRules(
            f"identity rules {path}: {name} has ttl {change.ttl}; only ids of people and devices that traits"
            " or the context of events name can end"
        )
    return changed


def _days(ttl: str) -> int | None:
    return None if ttl == "none" else int(ttl[:-1])
