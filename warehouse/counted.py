"""The books as they were counted last, for who must not read the lake: the collector's metrics, a console."""

from __future__ import annotations

import msgspec

from warehouse.registry import Registry

BOOKS = "books"


class OpenHour(msgspec.Struct, frozen=True):
    """A write key and hour (since 1970) whose books do not close, and by how much."""

    key_no: int
    hour: int
    difference: int


class Counted(msgspec.Struct, frozen=True):
    """The books of what was received since an hour, counted at `at` (µs UTC).

    `terms` are the sums over all keys and hours; `difference` adds up how far each key and hour is off,
    whatever its sign; `open` names the first of these.
    """

    at: int
    since: int
    terms: dict[str, int]
    difference: int
    open: list[OpenHour]


def write_counted(registry: Registry, counted: Counted) -> None:
    """Keep this in the registry in place of what was counted before."""
    registry.set_setting(BOOKS, msgspec.json.encode(counted).decode())


def read_counted(registry: Registry) -> Counted | None:
    """What was counted last; None where nothing was yet, or by a program that wrote it otherwise."""
    text = registry.setting(BOOKS)
    try:
        return None if text is None else msgspec.json.decode(text, type=Counted)
    except msgspec.DecodeError:
        return None
