"""Paths over lanes of events, where only pauses end them: their steps, by arithmetic over columns."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from warehouse.insights.asked import NUMBERED
from warehouse.insights.lanes import Lane, Lanes, Reading
from warehouse.insights.passed import Passed
from warehouse.insights.rolled import hours, names
from warehouse.insights.walks import Walks, item
from warehouse.statements import statement

Numbers = npt.NDArray[np.int64]
Pair = tuple[str | None, str | None]
NOTHING: Final = -1
_MOST_ITEMS: Final = 500


class Items(Struct, frozen=True):
    """What steps show, by number: its text, and the hash by which equally frequent ones are ordered.

    `of`: the number for the type and name of an event.
    """

    names: list[str]
    marks: list[int]
    of: dict[Pair, int]


class Trail(Struct, frozen=True):
    """Events of walks within the depth: whose, which step, which item, the one that `follows` (NOTHING where
    none is shown), µs until then, and whether the walk ends there. `units` walked, `mature` no longer go on.
    """

    owner: Numbers
    step: npt.NDArray[np.int8]
    item: npt.NDArray[np.int16]
    follows: npt.NDArray[np.int16]
    pause: Numbers
    last: npt.NDArray[np.bool_]
    units: int
    mature: int


class Trails:
    """Of a question about paths without an anchor, by event, until a pause."""

    def __init__(self, walks: Walks) -> None:
        self.walks, self.asked, self.question = walks, walks.asked, walks.question

    @property
    def fit(self) -> bool:
        """Whether the question is such a one."""
        question = self.question
        return (
            question.unit in NUMBERED
            and question.per == "gap"
            and question.items == "event"
            and not self.walks.anchored
        )

    def rows(self) -> list[tuple[Any, ...]] | None:
        """The rows of the statement of paths; None where it has to be run."""
        items = self._items()
        if items is None:
            return None
        reading = Reading(
            self._code(items), len(items.names).bit_length(), [self.walks.listed], by_arrival=True
        )
        trails = Lanes(self.asked, reading).walked(self.trail)
        if trails is None:
            return None
        with self.asked.pool() as pool:
            return Passed(trails, self.question, items.names, items.marks).rows(pool)

    def _items(self) -> Items | None:
        """Of more events than are walked through, perhaps, where the roll-up says what there are."""
        columns = {"type": "e.type", "event": "e.event", "item": item(self.asked, self.question.items)}
        if rolled := names(self.asked, hours(self.asked.period)):
            listed = ", ".join(f"{sql} AS {name}" for name, sql in columns.items())
            if found := self._listed(f"SELECT {listed} FROM ({rolled}) AS e"):
                return found
        return self._listed(self.asked.happened(columns, [self.walks.listed], owned=False))

    def _listed(self, happened: str) -> Items | None:
        found = self.asked.rows(statement("insights/lanes/items", happened=happened, most=_MOST_ITEMS + 1))
        if len(found) > _MOST_ITEMS:
            return None
        marks = {name: mark for *_, name, mark in found}
        number = {name: at for at, name in enumerate(marks)}
        return Items(
            [*marks], [*marks.values()], {(type, event): number[name] for type, event, name, _ in found}
        )

    def _code(self, items: Items) -> str:
        """SQL of an event's item. What looks at one column alone is done once for each of its values."""
        bind = self.asked.values.bind
        types = sorted({type for type, _ in items.of if type is not None})
        events = sorted({event for _, event in items.of if event is not None})
        table = [items.of.get((type, event), 0) for type in (None, *types) for event in (None, *events)]
        type, event = (
            f"coalesce(list_position({bind(values or [''])}, e.{name}), 0)"
            for name, values in (("type", types), ("event", events))
        )
        return f"list_extract({bind(table)}, 1 + {type} * {len(events) + 1} + {event})"

    def trail(self, lane: Lane) -> Trail:
        """The steps of the walks in a lane."""
        owner, moment, code = lane.owner, lane.moment, lane.code
        new = np.append(True, owner[1:] != owner[:-1])[: len(owner)]
        opens = new.copy()
        opens[1:] |= np.diff(moment) >= self.walks.gap
        kept = opens | self.question.repeats
        kept[1:] |= code[1:] != code[:-1]
        owner, moment, code, opens = owner[kept], moment[kept], code[kept], opens[kept]
        last = np.append(opens[1:], True)[: len(opens)]
        at = np.arange(len(opens))
        step = at - np.maximum.accumulate(np.where(opens, at, 0)) + 1
        ends = np.append(owner[1:] != owner[:-1], True)[: len(owner)]
        mature = np.count_nonzero(moment[ends] + self.walks.gap <= self.asked.complete_us)
        goes_on = ~last & (step < self.question.depth)
        follows = np.where(goes_on, np.append(code[1:], 0)[: len(code)], NOTHING)
        pause = np.where(goes_on, np.append(np.diff(moment), 0)[: len(code)], 0)
        shown = step <= self.question.depth
        return Trail(
            owner[shown],
            step[shown].astype(np.int8),
            code[shown].astype(np.int16),
            follows[shown].astype(np.int16),
            pause[shown],
            last[shown],
            int(np.count_nonzero(new)),
            int(mature),
        )
