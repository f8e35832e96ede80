"""Properties: how many events lack them, of which types they are, and which are new."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from msgspec import Struct

from warehouse.lake import Lake
from warehouse.quality.answer import Kind, NewProperty, PropertyDay
from warehouse.quality.plans import Declared
from warehouse.quality.questions import SHAPE_DAYS, Bounds, ask, kinds
from warehouse.quality.usual import differs

_TYPES = {
    "VARCHAR": "string", "BOOLEAN": "boolean", "OBJECT": "object", "ARRAY": "array", "NULL": "null",
    "UBIGINT": "number", "BIGINT": "number", "HUGEINT": "number", "DOUBLE": "number",
}  # fmt: skip
_LEAST_SAMPLE = 100
MOST_PROPERTIES = 200
_LEAST_EVENTS = 3
SURE = 5.0
DRIFT = 0.03
_OFTEN = 10.0


class Shapes(Struct, frozen=True):
    """Of one kind: events looked at by day, and of each property by day how many have which type."""

    sampled: dict[date, int]
    types: dict[str, dict[date, Counter[str]]]
    first_seen: dict[str, datetime]


def shapes(lake: Lake, asked: Bounds) -> dict[Kind, Shapes]:
    """What a sample of each kind and day looks like, from two weeks before the days that are asked about."""
    return {kind: _shapes(rows) for kind, rows in kinds(ask(lake, "shapes", asked, SHAPE_DAYS)).items()}


def _shapes(rows: list[tuple[Any, ...]]) -> Shapes:
    found = Shapes({}, {}, {})
    for day, name, json_type, events, first_seen in rows:
        if name is None:
            found.sampled[day] = events
            continue
        counter = found.types.setdefault(name, {}).setdefault(day, Counter())
        counter[_TYPES.get(json_type, "string")] += events
        found.first_seen[name] = min(first_seen, found.first_seen.get(name, first_seen))
    return Shapes(found.sampled, _most_frequent(found.types), found.first_seen)


def _most_frequent(types: dict[str, dict[date, Counter[str]]]) -> dict[str, dict[date, Counter[str]]]:
    """Names that are data (an id for each customer) would be without end."""

    def events(name: str) -> tuple[int, str]:
        return -sum(counter.total() for counter in types[name].values()), name

    return {name: types[name] for name in sorted(types, key=events)[:MOST_PROPERTIES]}


def property_days(
    known: Mapping[Kind, Shapes], planned: Mapping[Kind, Declared], asked: Bounds
) -> Iterator[PropertyDay]:
    """Every property of every kind, on every day that is asked about and has events; planned ones always."""
    projects = {kind.project for kind in planned}
    for kind, shape in known.items():
        plan = planned.get(kind, Declared(set(), set()) if kind.project in projects else None)
        for name in sorted({*shape.types, *(plan.names if plan else ())}):
            for day in sorted(day for day in shape.sampled if day >= asked.since):
                yield _property_day(kind, shape, name, day, plan)


def _property_day(kind: Kind, shape: Shapes, name: str, day: date, plan: Declared | None) -> PropertyDay:
    types = shape.types.get(name, {}).get(day, Counter())
    sampled = shape.sampled[day]
    before, events_before = _before(shape, name, day)
    usual = events_before >= _LEAST_SAMPLE
    return PropertyDay(
        *kind,
        day=day,
        name=name,
        sampled=sampled,
        null_share=round(1 - _valued(types) / sampled, 4),
        types=_shares(types),
        usual_null_share=round(1 - _valued(before) / events_before, 4) if usual else None,
        usual_types=_shares(before),
        planned=None if plan is None else name in plan.names,
        required=plan is not None and name in plan.required,
        drifting=_drifts(types, before),
    )


def _before(shape: Shapes, name: str, day: date) -> tuple[Counter[str], int]:
    """Types of a property in the two weeks before a day, and the events that were looked at then."""
    days = [one for one in shape.sampled if day - timedelta(SHAPE_DAYS) <= one < day]
    counters = shape.types.get(name, {})
    return sum((counters[one] for one in days if one in counters), Counter()), sum(
        map(shape.sampled.__getitem__, days)
    )


def _valued(types: Counter[str]) -> int:
    return types.total() - types["null"]


def _shares(types: Counter[str]) -> dict[str, float]:
    whole = _valued(types)
    return {name: round(events / whole, 4) for name, events in sorted(types.items()) if name != "null"}


def _drifts(types: Counter[str], before: Counter[str]) -> bool:
    """Some type has become clearly more frequent among the values than it was."""
    now, then = _valued(types), _valued(before)
    if then < _LEAST_SAMPLE:
        return False
    return any(
        types[name] >= _LEAST_EVENTS
        and types[name] / now - before[name] / then >= DRIFT
        and differs(types[name], now, before[name] / then) >= SURE
        for name in types
        if name != "null"
    )


def new_properties(
    known: Mapping[Kind, Shapes], planned: Mapping[Kind, Declared], asked: Bounds
) -> Iterator[NewProperty]:
    """Properties first seen in the days asked about, that no plan names, of older kinds."""
    projects = {kind.project for kind in planned}
    for kind, shape in known.items():
        names = planned[kind].names if kind in planned else set()
        for name in sorted(shape.types.keys() - names):
            first = min(shape.types[name])
            share = _share_since(shape, name, first)
            if first >= asked.since and _is_new(shape, first, share):
                types = sum(shape.types[name].values(), Counter[str]())
                (example, _), *_ = types.most_common(1)
                in_plan = False if kind.project in projects else None
                yield NewProperty(*kind, name, shape.first_seen[name], example, share, in_plan)


def _share_since(shape: Shapes, name: str, first: date) -> float:
    having = sum(counter.total() for counter in shape.types[name].values())
    return round(having / _looked_at(shape.sampled, lambda day: day >= first), 4)


def _is_new(shape: Shapes, first: date, share: float) -> bool:
    """Had it always been in this share of events, it would have been seen before."""
    return share * _looked_at(shape.sampled, lambda day: day < first) >= _OFTEN


def _looked_at(sampled: Mapping[date, int], chosen: Any) -> int:
    return sum(events for day, events in sampled.items() if chosen(day))
