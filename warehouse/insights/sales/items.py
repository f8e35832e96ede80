"""States of leads and deals put together: each with the stages it went through."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any, Final

from msgspec import Struct

FIELDS: Final = (
    "system", "item", "since", "moment", "load_seq", "stage", "owner", "name", "amount", "currency", "source",
    "created", "closed", "expected", "customer", "last_seen", "visits", "achieved",
)  # fmt: skip


class State(Struct, frozen=True):
    """One row of the statement, in the order of FIELDS; moments in µs UTC."""

    system: str
    item: str
    since: int
    moment: int
    load_seq: int
    stage: str
    owner: str | None
    name: str | None
    amount: float | None
    currency: str | None
    source: str | None
    created: int | None
    closed: int | None
    expected: int | None
    customer: str | None
    last_seen: int | None
    visits: int
    achieved: int


class Item(Struct, frozen=True):
    """A lead or deal: its stays (stage, since) in order, never twice the same after one another, and its
    newest state.
    """

    stays: tuple[tuple[str, int], ...]
    now: State
    created: int

    @property
    def stage(self) -> str:
        return self.stays[-1][0]


def items(rows: Iterable[Sequence[Any]]) -> list[Item]:
    """From rows ordered by item and time."""
    states = (State(*row) for row in rows)
    return [_item(list(own)) for _, own in groupby(states, key=lambda one: (one.system, one.item))]


def _item(states: list[State]) -> Item:
    stays: list[tuple[str, int]] = []
    for one in states:
        if not stays or stays[-1][0] != one.stage:
            # A stage cannot begin before the one that was seen ahead of it.
            stays.append((one.stage, max(one.since, stays[-1][1]) if stays else one.since))
    newest = max(states, key=lambda one: (one.moment, one.load_seq))
    if stays[-1][0] != newest.stage:
        stays.append((newest.stage, max(newest.since, stays[-1][1])))
    created = next((one.created for one in states if one.created is not None), stays[0][1])
    return Item(tuple(stays), newest, min(created, stays[0][1]))


def order(found: Sequence[Item], ends: frozenset[str]) -> list[str]:
    """Open stages as most items go through them: each before those that it is more often seen ahead of."""
    ahead: Counter[tuple[str, str]] = Counter()
    first: dict[str, list[int]] = {}
    for one in found:
        names = list(dict.fromkeys(stage for stage, _ in one.stays if stage.lower() not in ends))
        for place, name in enumerate(names):
            first.setdefault(name, []).append(place)
            ahead.update((name, later) for later in names[place + 1 :])

    def lead(name: str, other: str) -> int:
        return (ahead[name, other] > ahead[other, name]) - (ahead[name, other] < ahead[other, name])

    wins = {name: sum(lead(name, other) for other in first) for name in first}
    return sorted(first, key=lambda name: (-wins[name], sum(first[name]) / len(first[name]), name))
