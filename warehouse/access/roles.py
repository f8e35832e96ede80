"""Roles and what each may do."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class Right(StrEnum):
    """What a page, an address of the API or a command asks for."""

    LOOK = "look"  # numbers about many customers
    CUSTOMERS = "customers"  # single customers and what they did
    LIVE = "live"  # events as they come, and refused ones, as they were sent
    SQL = "sql"  # questions in SQL
    REVEAL = "reveal"  # to be shown a masked field of one customer, with a reason
    EXPORT = "export"  # answers as files
    SEGMENTS = "segments"  # to make tags, cohorts, dashboards and alerts
    DECIDE = "decide"  # to split and merge customers, to publish plans, to replay
    ERASE = "erase"  # to erase and to hand out all that is known of a person
    MANAGE = "manage"  # users, write keys, the audit log


_EVERYBODY: Final = frozenset({Right.LOOK})
_PERSONS: Final = _EVERYBODY | {Right.CUSTOMERS}

ROLES: Final[Mapping[str, frozenset[Right]]] = {
    "admin": frozenset(Right),
    "analyst": _PERSONS | {Right.LIVE, Right.SQL, Right.REVEAL, Right.EXPORT, Right.SEGMENTS, Right.DECIDE},
    "marketer": _PERSONS | {Right.EXPORT, Right.SEGMENTS},
    "sales": _PERSONS | {Right.REVEAL},
    "support": _PERSONS | {Right.LIVE, Right.REVEAL},
    "viewer": _EVERYBODY,
}

# What is masked for a role unless its user is given other masks.
MASKED: Final[Mapping[str, tuple[str, ...]]] = {
    "admin": (),
    "analyst": ("email", "phone", "ip"),
    "marketer": ("email", "phone", "ip"),
    "sales": (),
    "support": (),
    "viewer": ("email", "phone", "ip"),
}
