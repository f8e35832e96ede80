"""Removal effects of an absorbing Markov chain of journeys, solved exactly."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import scipy

from warehouse.insights.marketing.journeys import Floats, Ints, Journeys

# Below, one dense inverse answers for every touch.
_DENSE: Final = 1500
_EXACT: Final = 1e-13
_MOST_STEPS: Final = 2_000


def removal_effects(journeys: Journeys, order: int) -> Floats:
    """Of each touch: the share of the chance to convert that is lost when every visit of it ends a journey.

    A state is the last `order` touches of a journey (1 to 3), so far as it has them. 0 where nothing
    converts.
    """
    size = len(journeys.names)
    state, newest = _states(journeys, order)
    if not len(state):
        return np.zeros(size)
    begin, inner, won = _chances(journeys, state, len(newest))
    solve = _removed_dense if len(newest) <= _DENSE else _removed_sparse
    whole, without = solve(begin, inner, won, newest, size)
    return np.maximum(0.0, 1 - without / whole) if whole > 0 else np.zeros(size)


def _states(journeys: Journeys, order: int) -> tuple[Ints, Ints]:
    """The state after each touch, and the newest touch of each state."""
    size = len(journeys.names) + 1
    combined = journeys.code + 1
    for back in range(1, order):
        before = np.zeros(len(combined), np.int64)
        same = journeys.journey[back:] == journeys.journey[:-back]
        before[back:] = np.where(same, journeys.code[:-back] + 1, 0)
        combined = combined + before * size**back
    known, state = np.unique(combined, return_inverse=True)
    return state, known % size - 1


def _chances(journeys: Journeys, state: Ints, size: int) -> tuple[Floats, Any, Floats]:
    """Chances to begin in a state, to go from one to another, and to convert from it."""
    starts = journeys.starts
    ends = starts + journeys.lengths - 1
    begin = np.bincount(state[starts], minlength=size) / len(starts)
    seen = np.bincount(state, minlength=size)
    won = np.bincount(state[ends[journeys.journey[ends] >= 0]], minlength=size) / seen
    goes = np.ones(len(state), np.bool_)
    goes[ends] = False
    here = np.flatnonzero(goes)
    pairs = (1 / seen[state[here]], (state[here], state[here + 1]))
    return begin, scipy.sparse.csr_array(pairs, shape=(size, size)), won


def _removed_dense(begin: Floats, inner: Any, won: Floats, newest: Ints, size: int) -> tuple[float, Floats]:
    """The chance to convert, and the same without each touch: less the journeys that come to it first."""
    visits = np.linalg.inv(np.eye(len(won)) - inner.toarray())
    chance = visits @ won
    reached = begin @ visits
    whole = float(begin @ chance)
    without = np.full(size, whole)
    for touch in np.unique(newest):
        among = np.flatnonzero(newest == touch)
        without[touch] -= np.linalg.solve(visits[np.ix_(among, among)].T, reached[among]) @ chance[among]
    return whole, without


def _removed_sparse(begin: Floats, inner: Any, won: Floats, newest: Ints, size: int) -> tuple[float, Floats]:
    without = np.zeros(size)
    for touch in range(size):
        keep = np.flatnonzero(newest != touch)
        without[touch] = _converting(begin[keep], inner[keep][:, keep], won[keep])
    return _converting(begin, inner, won), without


def _converting(begin: Floats, inner: Any, won: Floats) -> float:
    """Iterated until nothing is left of the error; eliminated where that does not come about."""
    if not len(won):
        return 0.0
    system = (scipy.sparse.identity(len(won), format="csr") - inner).tocsr()
    chance, _ = scipy.sparse.linalg.bicgstab(system, won, rtol=0.0, atol=_EXACT / 2, maxiter=_MOST_STEPS)
    if not np.abs(system @ chance - won).max() <= _EXACT:
        chance = scipy.sparse.linalg.splu(system.tocsc()).solve(won)
    return float(begin @ chance)
