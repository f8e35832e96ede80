"""What a measuring command must show: its long and quick form, and what must hold of its figures."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

Figures = Mapping[str, Any]


class Promise(msgspec.Struct, frozen=True):
    """Something that must hold of a run's figures: `text` for people, `holds` for us."""

    text: str
    holds: Callable[[Figures], bool]


class Run(msgspec.Struct, frozen=True):
    """A command of `python -m loadtest`: arguments of its long and its quick form, and its promises."""

    name: str
    long: tuple[str, ...]
    quick: tuple[str, ...]
    promises: tuple[Promise, ...]


class Outcome(msgspec.Struct, frozen=True):
    """What one run gave.

    `figures` is None where it printed none; `promises`: text -> held; `links`: text -> file beside the page.
    """

    name: str
    command: str
    began_at: str
    seconds: float
    exit_code: int
    figures: dict[str, Any] | None
    promises: dict[str, bool]
    links: dict[str, str]

    @property
    def held(self) -> bool:
        return self.figures is not None and all(self.promises.values())


def judged(run: Run, figures: Figures | None) -> dict[str, bool]:
    """Each promise of a run, and whether these figures keep it; without figures none is kept."""
    return {promise.text: figures is not None and bool(promise.holds(figures)) for promise in run.promises}
