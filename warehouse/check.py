"""What `sojourn check` says: the books, whether the lake's files are what its catalog says, and the roll-up
what its events say.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import msgspec

from warehouse import rollup
from warehouse.balance import Balance, Books, balance
from warehouse.errors import LakeMissing
from warehouse.files import damaged, lake_files
from warehouse.lake import Lake, connect
from warehouse.landing import Store, open_store
from warehouse.mark import read_mark
from warehouse.registry import Registry
from warehouse.settings import Folders, WarehouseSettings
from warehouse.verify import read_losses


class Checked(msgspec.Struct, frozen=True):
    """`balance` is None where damage keeps it from being counted; each line of `damage` names a file, or a
    day of which the roll-up is wrong.

    `journal` is the folder that was read for what is pending: that of this machine.
    """

    balance: Balance | None
    damage: list[str]
    journal: Path

    @property
    def holds(self) -> bool:
        """The books balance for every key and hour, and nothing is damaged."""
        return not self.damage and self.balance is not None and not self.balance.open


def check(settings: WarehouseSettings, registry: Registry, *, deep: bool = False) -> Checked:
    """Check a data folder while everything runs.

    `deep` reads every file whole, not only those since the clean mark.
    """
    store = open_store(settings.landing_url)
    try:
        lake = connect(settings, read_only=True)
    except LakeMissing:
        journal = settings.folders.journal
        return _checked(balance(None, store, registry, journal), [], journal)
    with lake:
        damage = list(_damage(lake, settings.folders, deep))
        counted = _count(lake, store, registry, settings.folders, damage)
        return _checked(counted, damage, settings.folders.journal)


def as_json(checked: Checked, registry: Registry, by: tuple[str, ...]) -> dict[str, Any]:
    """The books as one object; `by` splits them by any of key and hour.

    `damage` only when there is some, `strangers` (workers whose counts are in another registry) too.
    """
    books = checked.balance
    answer: dict[str, Any] = dict.fromkeys(Books.__struct_fields__)
    if books is not None:
        answer = msgspec.to_builtins(books.total)
        if by:
            answer["by"] = list(_split(books, registry, by))
    strangers = books.strangers if books is not None else []
    answer["journal"] = str(checked.journal)
    answer |= {"strangers": strangers} if strangers else {}
    return answer | ({"damage": checked.damage} if checked.damage else {})


def _checked(books: Balance | None, damage: list[str], journal: Path) -> Checked:
    return Checked(books, damage + (books.unreadable if books else []), journal.absolute())


def _damage(lake: Lake, folders: Folders, deep: bool) -> Iterator[str]:
    files = lake_files(lake.con, folders.lake_data, metadata=lake.metadata)
    first = 0 if deep else read_mark(folders.clean_mark).next_file
    for found in damaged(files, deep_from=first):
        yield f"{found.file.path} ({found.file.table}) {found.what}"
    yield from _rolled_wrong(lake)
    for loss in read_losses(folders.losses):
        yield f"{loss.file} ({loss.table}) {loss.what}; it is set aside and waits to be mended"


def _rolled_wrong(lake: Lake) -> Iterator[str]:
    try:
        with lake.transaction():
            found = rollup.differences(lake)
    except duckdb.Error:
        return  # a file that is damaged is named already
    for one in found:
        name = one.type if one.event is None else f"{one.type} {one.event}"
        yield (
            f"the roll-up of {one.project} has {one.rolled} events {name} on {one.day}, not {one.events};"
            " `sojourn rebuild` makes it anew"
        )


def _count(
    lake: Lake, store: Store, registry: Registry, folders: Folders, damage: list[str]
) -> Balance | None:
    try:
        return balance(lake, store, registry, folders.journal)
    except duckdb.Error as error:
        if not damage:
            damage.append(f"the lake cannot be read: {str(error).splitlines()[0]}")
        return None


def _split(books: Balance, registry: Registry, by: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    keys = registry.keys()
    names = {key.no: key.id for key in keys}
    groups: dict[tuple[int | None, int | None], dict[str, int]] = {}
    for entry in books.hours:
        place = (entry.key_no if "key" in by else None, entry.hour if "hour" in by else None)
        group = groups.setdefault(place, dict.fromkeys(Books.__struct_fields__, 0))
        for name in group:
            group[name] += getattr(entry.books, name)
    for (key_no, hour), group in groups.items():
        key = {"key": names.get(key_no or 0)} if key_no is not None else {}
        yield key | ({"hour": _hour_text(hour)} if hour is not None else {}) | group


def _hour_text(hour: int) -> str:
    return datetime.fromtimestamp(hour * 3600, UTC).strftime("%Y-%m-%dT%H:00:00Z")
