"""The harness's side of armed programs: gives orders to die, and counts those that were obeyed."""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Final, Self
from uuid import uuid4

from loadtest.armed.orders import ARMS, Kill, Order, lay_down, read_kills
from loadtest.armed.points import BESIDE, POINTS

START: Final = Path(__file__).parent / "armed" / "start"


class Arms:
    """Orders in a folder of their own. Programs started with `variables` obey them."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._folder = tempfile.TemporaryDirectory(prefix="loadtest-arms-")
        self.folder = Path(self._folder.name)
        self._kills: list[Kill] = []

    @property
    def variables(self) -> Mapping[str, str]:
        paths = [str(START), *filter(None, [os.environ.get("PYTHONPATH")])]
        return {ARMS: str(self.folder), "PYTHONPATH": os.pathsep.join(paths)}

    def give(self, step: str) -> Order:
        """Tell whoever comes first to a point of this step to die, at a random moment of its call."""
        point = self._rng.choice([point for point in (*POINTS, *BESIDE) if point.step == step])
        moment, part = self._rng.choice(point.moments), self._rng.random()
        order = Order(uuid4().hex, step, point.id, moment, part)
        lay_down(self.folder, order)
        return order

    def withdraw(self, order: Order) -> None:
        """Nobody has to obey it any more; one that was taken already is obeyed all the same."""
        (self.folder / order.point).unlink(missing_ok=True)

    def kills(self) -> Sequence[Kill]:
        """Every order that was obeyed, oldest first."""
        self._kills += read_kills(self.folder, len(self._kills))
        return self._kills

    def obeyed(self, order: Order) -> bool:
        return any(kill.order.id == order.id for kill in reversed(self.kills()))

    def by_step(self) -> Counter[str]:
        """How many orders of each step were obeyed."""
        return Counter(kill.order.step for kill in self.kills())

    def close(self) -> None:
        self._folder.cleanup()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
