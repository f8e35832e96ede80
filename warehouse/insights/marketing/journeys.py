"""Journeys: the touches that came before each conversion, as arrays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

NO_TOUCH: Final = "(none)"
NOT_SET: Final = "(not set)"
OTHER: Final = "(other)"


class Journeys(msgspec.Struct, frozen=True):
    """`names`: the touches; `values`: what each conversion is worth, in order of journeys.

    A row a touch, by journey and time: `journey` is the conversion's place in `values`, or is negative where
    nothing came of it; `code` is the place in `names`; `age` in seconds up to the conversion; `direct`: the
    visit came by itself.
    """

    names: list[str]
    values: Floats
    journey: Ints
    code: Ints
    age: Floats
    direct: Flags

    def only(self, keep: Flags) -> Journeys:
        """With only these touches."""
        return msgspec.structs.replace(
            self,
            journey=self.journey[keep],
            code=self.code[keep],
            age=self.age[keep],
            direct=self.direct[keep],
        )

    @property
    def converted(self) -> Journeys:
        return self.only(self.journey >= 0)

    @property
    def starts(self) -> Ints:
        """Where each journey that has touches begins."""
        return np.flatnonzero(np.diff(self.journey, prepend=np.iinfo(np.int64).min))

    @property
    def lengths(self) -> Ints:
        return np.diff(self.starts, append=len(self.journey))


def journeys_of(rows: pa.Table, top: int) -> tuple[Journeys, Ints, Ints]:
    """What the statement `journeys` found, the row of each conversion in it, and the code of each row's
    touch; rare touches become one.
    """
    table = rows.combine_chunks()
    number = _numbers(table, "journey", np.int64)
    names, codes = _coded(table["touch"], number, top)
    first = np.flatnonzero((np.diff(number, prepend=np.iinfo(np.int64).min) != 0) & (number > 0))
    place = np.searchsorted(number[first], number)
    touched = (codes >= 0) & (number != 0)
    found = Journeys(
        names,
        np.nan_to_num(_numbers(table, "number", np.float64)[first]),
        np.where(number > 0, place, number)[touched],
        codes[touched],
        _numbers(table, "age", np.float64)[touched] / 1e6,
        _numbers(table, "direct", np.float64)[touched] == 1,
    )
    return found, first, codes


def _numbers(table: pa.Table, name: str, kind: Any) -> Any:
    column = table[name].cast(pa.float64()) if kind is np.float64 else table[name]
    return column.to_numpy().astype(kind)


def _coded(column: pa.ChunkedArray, journey: Ints, top: int) -> tuple[list[str], Ints]:
    """The names, the most frequent first, and the place of each row's; -1 where the row has no touch."""
    coded = pa.chunked_array(column).combine_chunks().dictionary_encode()
    codes = coded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    names: list[str] = coded.dictionary.to_pylist()
    counts = np.bincount(codes[codes >= 0], minlength=len(names))
    order = sorted(range(len(names)), key=lambda code: (-counts[code], names[code]))
    place = np.full(len(names) + 1, -1)
    for number, code in enumerate(order):
        place[code] = min(number, top)
    kept = [names[code] for code in order[:top]]
    return [*kept, OTHER] if len(order) > top else kept, place[codes]


def shaped(journeys: Journeys, path: str, without: Sequence[str]) -> Journeys:
    """The journeys after a transformation of their paths.

    `exposure`: of a run of one touch only the last; `first` and `last`: of each touch only its first or last
    time; `without`: these are left out of journeys that have others.
    """
    dropped = np.isin(journeys.code, [journeys.names.index(one) for one in without if one in journeys.names])
    if dropped.any():
        starts, lengths = journeys.starts, journeys.lengths
        others = np.repeat(np.add.reduceat(~dropped, starts, dtype=np.int64), lengths)
        journeys = journeys.only(~dropped | (others == 0))
    if path == "all" or not len(journeys.code):
        return journeys
    if path == "exposure":
        same = (np.diff(journeys.journey) == 0) & (np.diff(journeys.code) == 0)
        return journeys.only(~np.append(same, False))
    return journeys.only(once(journeys, last=path == "last"))


def once(journeys: Journeys, *, last: bool = False) -> Flags:
    """Whether a touch is the first of its name in its journey, or the last."""
    keys = journeys.journey * (len(journeys.names) + 1) + journeys.code
    _, found = np.unique(keys[::-1] if last else keys, return_index=True)
    keep = np.zeros(len(keys), np.bool_)
    keep[len(keys) - 1 - found if last else found] = True
    return keep
