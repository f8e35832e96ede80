"""Arms a program: as each module with a point is imported, the functions of its points are wrapped."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from functools import partial
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any, Final

from loadtest.armed.orders import ARMS
from loadtest.armed.points import BESIDE, POINTS, TRANSACTION
from loadtest.armed.striking import Striker

# What falls is started again after this long at most, or a thousand kills would be mostly waiting.
_EVERY: Final = (*POINTS, *BESIDE)
RESTART: Final = ("collector.programs", "LONGEST_PAUSE", 0.4)


def arm_imports() -> None:
    """Nothing where LOADTEST_ARMS names no folder."""
    folder = os.environ.get(ARMS)
    if folder:
        sys.meta_path.insert(0, Finder(Striker(folder)))


class Finder:
    """Finds a module as the others do; those with points are armed as soon as they have run."""

    def __init__(self, striker: Striker) -> None:
        self._striker = striker
        self._modules = {RESTART[0], TRANSACTION[0], *(point.module for point in _EVERY)}

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name not in self._modules:
            return None
        others = (finder for finder in sys.meta_path if finder is not self)
        spec = next((found for finder in others if (found := finder.find_spec(name, path, target))), None)
        if spec is not None and spec.loader is not None:
            setattr(spec.loader, "exec_module", self._armed(spec.loader.exec_module))  # noqa: B010
        return spec

    def _armed(self, run: Callable[[ModuleType], None]) -> Callable[[ModuleType], None]:
        def run_and_arm(module: ModuleType) -> None:
            run(module)
            arm(module, self._striker)

        return run_and_arm


def arm(module: ModuleType, striker: Striker) -> None:
    """Wraps what a module that has just run holds of points."""
    name = module.__name__
    for point in _EVERY:
        if point.module == name:
            _wrap(module, point.name, partial(striker.armed, point))
    if name == TRANSACTION[0]:
        _wrap(module, TRANSACTION[1], striker.committing)
    if name == RESTART[0]:
        setattr(module, RESTART[1], RESTART[2])


def _wrap(module: ModuleType, name: str, wrapped: Callable[[Any], Any]) -> None:
    """AttributeError where the program no longer has such a function: the table of points must follow it."""
    *outer, last = name.split(".")
    owner: Any = module
    for part in outer:
        owner = getattr(owner, part)
    setattr(owner, last, wrapped(getattr(owner, last)))
