"""How many units and walks passed each step of paths, and where they went on to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from warehouse.insights.lanes import RUNS
from warehouse.insights.trend import OTHER

if TYPE_CHECKING:
    from warehouse.insights.paths import Paths
    from warehouse.insights.trails import Trail

Numbers = npt.NDArray[np.int64]
_HALF: Final = 20  # bits: sums of halves of a pause are exact as floats


class Passed:
    """Counts the steps of `trails`, no unit in two of them, with items put together as the question asks.

    A cell is a step, the place of its item and that of the item which follows (0 for nothing), side by side
    in one number; without what follows it is a node.
    """

    def __init__(
        self, trails: Sequence[Trail], question: Paths, names: Sequence[str], marks: Sequence[int]
    ) -> None:
        self.trails, self.question = trails, question
        self.bits = (question.top + 1).bit_length()
        self.cells = (question.depth + 1) << (2 * self.bits)
        times = np.sum([np.bincount(one.item, minlength=len(names)) for one in trails], axis=0)
        ranked = sorted((at for at in range(len(names)) if times[at]), key=lambda at: (-times[at], marks[at]))
        self.names = {place: names[at] for place, at in enumerate(ranked[: question.top], 1)}
        self.names[question.top + 1] = OTHER
        self.places = np.full(len(names) + 1, question.top + 1)
        self.places[ranked[: question.top]] = [*range(1, len(self.names))]
        self.places[-1] = 0  # of NOTHING

    def rows(self, pool: Executor) -> list[tuple[Any, ...]]:
        """The rows of the statement of paths."""
        each = pool.map(self._counted, self.trails)
        counted = [np.sum(column, axis=0) for column in zip(*each, strict=True)]
        units, mature = (sum(getattr(one, name) for one in self.trails) for name in ("units", "mature"))
        begun = np.sum(counted[0][1 << (2 * self.bits) : 2 << (2 * self.bits)])
        return [
            (0, None, None, None, units, int(begun), None, None, None, None),
            *self._listed(*counted),
            (2, None, None, None, mature, None, None, None, None, None),
        ]

    def _counted(self, trail: Trail) -> tuple[Numbers, ...]:
        """By cell: walks, those that end, units, lower and upper half of their pauses; by node: units."""
        step, bits, cells = trail.step.astype(np.int64), self.bits, self.cells
        cell = (step << (2 * bits)) | (self.places[trail.item] << bits) | self.places[trail.follows]
        width = (cells - 1).bit_length()
        of = np.sort((trail.owner << width) | cell, kind=RUNS)
        of = of[np.append(True, of[1:] != of[:-1])[: len(of)]]
        node = of >> bits
        node = node[np.append(True, node[1:] != node[:-1])[: len(node)]]
        halves = trail.pause & ((1 << _HALF) - 1), trail.pause >> _HALF
        return (
            np.bincount(cell, minlength=cells),
            np.bincount(cell[trail.last], minlength=cells),
            np.bincount(of & ((1 << width) - 1), minlength=cells),
            *(np.bincount(cell, half, cells).astype(np.int64) for half in halves),
            np.bincount(node & ((1 << (width - bits)) - 1), minlength=cells >> bits),
        )

    def _listed(
        self, walks: Numbers, ended: Numbers, units: Numbers, low: Numbers, high: Numbers, of: Numbers
    ) -> Iterator[tuple[Any, ...]]:
        """Nodes, then edges."""
        depth, each = self.question.depth, 1 << self.bits
        passed, over = (one.reshape(-1, each).sum(axis=1) for one in (walks, ended))
        onward = walks.reshape(-1, each)[:, 1:].sum(axis=1)
        for node in np.flatnonzero(passed).tolist():
            step, place = divmod(node, each)
            ends = int(over[node])
            cut = int(passed[node] - onward[node]) - ends if step == depth else 0
            name = self.names[place]
            yield 1, step, name, None, int(of[node]), int(passed[node]), None, ends, 0, cut
        for cell in np.flatnonzero(walks).tolist():
            node, follows = divmod(cell, each)
            if follows:
                step, place = divmod(node, each)
                pause = float((int(high[cell]) << _HALF) + int(low[cell]))
                names = self.names[place], self.names[follows]
                yield 1, step, *names, int(units[cell]), int(walks[cell]), pause, None, None, None
