"""A page's structure as its clicked elements tell it: boxes within boxes, without the page itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from warehouse.insights.heat.heatmap import Element, Spot

LEVELS: Final = 9
_NOWHERE: Final = float("inf")


class Box(msgspec.Struct):
    """An element, or one that holds such; `steps` lead to it from the box around. `heat`: 0, nobody, to 9."""

    steps: list[str]
    found: Element | None = None
    inside: list[Box] = msgspec.field(default_factory=list)
    heat: int = 0

    @property
    def top(self) -> float:
        """Px from the top of the page, of what is told of it or within it; infinite where nothing is."""
        own = _NOWHERE if self.found is None or self.found.y is None else self.found.y
        return min([own, *(one.top for one in self.inside)])

    @property
    def clicks(self) -> int:
        """On it and on all within."""
        return (self.found.clicks if self.found else 0) + sum(one.clicks for one in self.inside)


class Square(msgspec.Struct, frozen=True):
    """A square of the map of places, and how hot it is, 1 to 9."""

    column: int
    row: int
    clicks: int
    heat: int


def wireframe(elements: Sequence[Element]) -> list[Box]:
    """The outermost boxes, from the top of the page down as far as that is told, else the most clicked first.

    Boxes that hold one other box and nothing else are one with it.
    """
    most = max((one.clicks for one in elements), default=0)
    root = Box([])
    for one in elements:
        at = root
        for step in one.element.split(" > "):
            at = _within(at, step)
        at.found, at.heat = one, level(one.clicks, most)
    return [_joined(one) for one in _ordered(root.inside)]


def squares(spots: Sequence[Spot]) -> Iterator[Square]:
    """The map of places; each square as hot as its part of the hottest."""
    most = max((one.clicks for one in spots), default=0)
    return (Square(one.column, one.row, one.clicks, level(one.clicks, most)) for one in spots)


def level(clicks: int, most: int) -> int:
    """1 to 9; 0 where there are none."""
    return -(-LEVELS * clicks // most) if clicks else 0


def _within(box: Box, step: str) -> Box:
    found = next((one for one in box.inside if one.steps == [step]), None)
    if found is None:
        found = Box([step])
        box.inside.append(found)
    return found


def _joined(box: Box) -> Box:
    while box.found is None and len(box.inside) == 1:
        (only,) = box.inside
        box = Box([*box.steps, *only.steps], only.found, only.inside, only.heat)
    box.inside = [_joined(one) for one in _ordered(box.inside)]
    return box


def _ordered(boxes: Sequence[Box]) -> list[Box]:
    return sorted(boxes, key=lambda one: (one.top, -one.clicks, one.steps))
