"""What a change of a rate is made of, slice by slice."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

Counts = tuple[int, int]


class Slice(Struct, frozen=True):
    """One value of a field. `n` came to the step before, `rate` of them on.

    `n_before`, `rate_before`: the same earlier. `rate_part`: what of the change is because they convert
    otherwise; `mix_part`: because they are more or fewer of all; over a field all parts add up to the change
    exactly.
    """

    field: str
    value: str
    n: int
    rate: float | None
    n_before: int
    rate_before: float | None
    rate_part: float
    mix_part: float

    @property
    def part(self) -> float:
        return self.rate_part + self.mix_part


def slices(field: str, now: Mapping[str, Counts], before: Mapping[str, Counts]) -> list[Slice]:
    """From value -> (came to the step before, came on); the one that pulls down most first."""
    n, n_before = (sum(came for came, _ in one.values()) for one in (now, before))
    if not n or not n_before:
        return []
    whole = sum(on for _, on in before.values()) / n_before
    found = []
    for value in now.keys() | before.keys():
        (came, on), (came_before, on_before) = now.get(value, (0, 0)), before.get(value, (0, 0))
        rate = on / came if came else None
        rate_before = on_before / came_before if came_before else None
        weight, weight_before = came / n, came_before / n_before
        after = rate if rate is not None else rate_before or 0.0
        changed = after - rate_before if rate_before is not None else 0.0
        parts = weight_before * changed, (weight - weight_before) * (after - whole)
        found.append(Slice(field, value, came, rate, came_before, rate_before, *parts))
    return sorted(found, key=lambda one: (one.part, one.value))


def against(field: str, now: Mapping[str, Counts], benchmark: float) -> list[Slice]:
    """The same against a given rate: what each slice is above or below it, by its share of all."""
    n = sum(came for came, _ in now.values())
    found = [
        Slice(field, value, came, on / came, 0, None, came / n * (on / came - benchmark), 0.0)
        for value, (came, on) in now.items()
        if came
    ]
    return sorted(found, key=lambda one: (one.part, one.value))
