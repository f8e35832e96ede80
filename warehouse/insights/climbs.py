"""How far everyone came through the steps of an ordered funnel, over lanes of events.

The same as the chain of joins, and by the same rule: a step goes with the latest event of the step before,
which has the latest beginning.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from msgspec import Struct

from warehouse.insights.asked import NUMBERED, Asked
from warehouse.insights.journey import Plan
from warehouse.insights.lanes import Lane, Lanes, Reading

Numbers = npt.NDArray[np.int64]


class Stage(Struct, frozen=True):
    """Events of one step that go on from the step before. `at`: where in the lane; `began`: when their
    journeys did; `before`: which of the stage before they go on from.
    """

    at: Numbers
    began: Numbers
    before: Numbers


class Climb(Struct, frozen=True):
    """A row for each unit that began: the steps it reached, its last beginning, and when it first was at each
    step (µs UTC, 0 for never).
    """

    owner: Numbers
    level: Numbers
    latest: Numbers
    times: Sequence[Numbers]


def climbable(asked: Asked, plan: Plan) -> bool:
    """Whether a plan can be followed so: in order, each event one step at most, and nothing else between."""
    return (
        asked.question.unit in NUMBERED
        and plan.order == "ordered"
        and plan.ties in ("sequence", "apart")
        and not (plan.overlap or plan.barred or plan.hold)
    )


class Climbs:
    """Of a plan that is climbable."""

    def __init__(self, asked: Asked, plan: Plan) -> None:
        self.asked, self.plan, self.size = asked, plan, len(plan.steps)

    def reached(self) -> pa.Table | None:
        """What the chain of SELECTs calls `reached`; None where lanes cannot be."""
        found = Lanes(self.asked, self._reading()).walked(self.climbed)
        if found is None:
            return None
        level = _joined(one.level for one in found)
        columns = {
            "owner": _joined(one.owner for one in found),
            "level": level,
            "latest": _joined(one.latest for one in found),
        }
        for step in range(1, self.size + 1):
            times = _joined(one.times[step - 1] for one in found)
            columns[f"t{step}"] = pa.array(times, mask=level < step)
        return pa.table(columns)

    def _reading(self) -> Reading:
        which = [self.asked.is_one(one) for one in self.plan.steps]
        cases = " ".join(f"WHEN {sql} THEN {self._code(step)}" for step, sql in enumerate(which, 1))
        code = f"CASE {cases} END"
        # As a condition that costs a fifth of the reading less than the steps with OR between them.
        return Reading(code, self.size.bit_length(), [f"{code} IS NOT NULL"], later=self.plan.later)

    def _code(self, step: int) -> int:
        """Sorts the events of a moment: what may follow at once after what it follows, else before."""
        return self.size - step if self.plan.ties == "apart" else step

    def climbed(self, lane: Lane) -> Climb:
        """How far the units of a lane came."""
        stages = [self._begun(lane)]
        for step in range(2, self.size + 1):
            stages.append(self._next(lane, step, stages[-1]))
        begun = lane.owner[stages[0].at]
        units = begun[_firsts(begun)]
        level = np.ones(len(units), np.int64)
        times = [np.zeros(len(units), np.int64) for _ in stages]
        for number, stage in enumerate(stages, 1):
            owner = lane.owner[stage.at]
            index = _firsts(owner)
            rows = np.searchsorted(units, owner[index])
            level[rows] = number
            for step in range(number, 0, -1):
                times[step - 1][rows] = lane.moment[stages[step - 1].at[index]]
                index = stages[step - 1].before[index]
        lasts = np.append(_firsts(begun)[1:] - 1, len(begun) - 1)[: len(units)]
        return Climb(units, level, stages[0].began[lasts], times)

    def _begun(self, lane: Lane) -> Stage:
        period = self.asked.period
        begins = (lane.code == self._code(1)) & (lane.moment >= period.since) & (lane.moment < period.until)
        (at,) = np.nonzero(begins)
        if self.plan.first:
            at = at[_firsts(lane.owner[at])]
        return Stage(at, lane.moment[at], at)

    def _next(self, lane: Lane, step: int, last: Stage) -> Stage:
        (at,) = np.nonzero(lane.code == self._code(step))
        passed = np.zeros(len(lane.owner), np.int32)
        passed[last.at] = 1
        before = np.cumsum(passed, dtype=np.int32)[at] - 1
        at, before = at[before >= 0], before[before >= 0]
        goes_on = lane.owner[last.at[before]] == lane.owner[at]
        goes_on &= lane.moment[at] <= last.began[before] + self.plan.within
        at, before = at[goes_on], before[goes_on]
        return Stage(at, last.began[before], before)


def _firsts(owner: Numbers) -> Numbers:
    """Where each unit begins in a column in which units stand together."""
    (found,) = np.nonzero(np.append(True, owner[1:] != owner[:-1])[: len(owner)])
    return found


def _joined(parts: Iterable[Numbers]) -> Numbers:
    return np.concatenate([np.zeros(0, np.int64), *parts])
