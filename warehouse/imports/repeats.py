"""Rows of one file that have the same id: which of those that contradict each other is taken.

The row that is later by its `updated_at` (or what its kind has of that sort), else by its place in the file.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from warehouse.imports.blocks import Table
from warehouse.imports.drafts import Draft, Drafter, moment_of
from warehouse.imports.kinds import Kind
from warehouse.imports.mapping import Mapping

Keys = npt.NDArray[np.int64]


class Repeats(msgspec.Struct, frozen=True):
    """`rows`: how many the file has, where they have ids. `losers`: numbers of rows that a later row of their
    id contradicts; `ids`: how many ids that are; `again`: rows that say what another row of their id says.
    `shared`: by field, how many values of which one customer has one stand in rows of several ids.
    """

    rows: int = 0
    losers: frozenset[int] = frozenset()
    again: frozenset[int] = frozenset()
    ids: int = 0
    shared: dict[str, int] = {}


_UNIQUE = ("user_id", "crm_id", "wechat_unionid")


def find_repeats(source: Table, kind: Kind, mapping: Mapping, drafter: Drafter) -> Repeats:
    """Read the file's ids; where some stand there twice, read their rows too."""
    names = mapping.ids(kind)
    shared = _shared(source, mapping, names) if kind.event is None else {}
    if not names:
        return Repeats(shared=shared)
    keys = _hashes(source, names)
    twice = _twice(keys)
    found = _decide(_drafts_of(source, drafter, names, twice), kind) if len(twice) else Repeats()
    return msgspec.structs.replace(found, rows=len(keys), shared=shared)


def _hashes(source: Table, names: Iterable[str]) -> Keys:
    """A number for the id of every row that has one."""
    parts = [
        _keys(zip(*_columns(block.columns, len(block.rows), names), strict=True)) for block in source.blocks()
    ]
    return np.concatenate(parts) if parts else np.zeros(0, np.int64)


def _keys(ids: Iterable[tuple[Any, ...]]) -> Keys:
    return np.fromiter((_key(id) for id in ids), np.int64)


def _key(id: tuple[Any, ...]) -> int:
    """0: the row has no id. Equal within one program is enough."""
    texts = tuple(str(one).strip() if one is not None else "" for one in id)
    return hash(texts) if any(texts) else 0


def _columns(columns: dict[str, list[Any]], size: int, names: Iterable[str]) -> list[list[Any]]:
    return [columns.get(name) or [None] * size for name in names]


def _twice(keys: Keys) -> Keys:
    found, counts = np.unique(keys[keys != 0], return_counts=True)
    return found[counts > 1]


def _drafts_of(source: Table, drafter: Drafter, names: Iterable[str], twice: Keys) -> Iterator[Draft]:
    """The drafts of the rows with these ids."""
    for block in source.blocks():
        keys = _keys(zip(*_columns(block.columns, len(block.rows), names), strict=True))
        at = np.flatnonzero(np.isin(keys, twice))
        if len(at):
            columns = {name: [column[one] for one in at] for name, column in block.columns.items()}
            rows = [block.rows[one] for one in at]
            yield from drafter.drafts(msgspec.structs.replace(block, rows=rows, columns=columns, bad=[]))


def _decide(drafts: Iterable[Draft], kind: Kind) -> Repeats:
    """Which row of each id counts; a row that will not do takes no part."""
    of_key: dict[bytes, list[Draft]] = defaultdict(list)
    for draft in drafts:
        if draft.fault is None:
            of_key[draft.key].append(draft)
    losers, again, ids = list[int](), list[int](), 0
    for rows in of_key.values():
        last = max(rows, key=lambda one: (_later(kind, one), one.row))
        others = [one.row for one in rows if one.content != last.content]
        again += [one.row for one in rows if one.content == last.content and one is not last]
        losers, ids = losers + others, ids + bool(others)
    return Repeats(losers=frozenset(losers), again=frozenset(again), ids=ids)


def _later(kind: Kind, draft: Draft) -> str:
    return moment_of(kind, draft.said, first=False) or ""


def _shared(source: Table, mapping: Mapping, names: tuple[str, ...]) -> dict[str, int]:
    """Values of unique ids that stand in rows of more than one id."""
    found: dict[str, int] = {}
    for field in _UNIQUE:
        column = getattr(mapping.cells().get(field), "column", None)
        if column is None or (column,) == names or not names:
            continue
        pairs = np.concatenate(
            [
                np.column_stack([_keys(zip(*_columns(block.columns, len(block.rows), one), strict=True))
                                 for one in ((column,), names)])
                for block in source.blocks()
            ] or [np.zeros((0, 2), np.int64)]
        )  # fmt: skip
        said = np.unique(pairs[(pairs != 0).all(axis=1)], axis=0)
        if several := len(_twice(said[:, 0])):
            found[field] = several
    return found
