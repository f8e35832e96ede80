"""A reader while others commit: `python -m loadtest.sitting FOLDER SECONDS SEED`, what it saw as JSON.

It asks the product's own questions over a connection of its own. Batches of a known make are committed
whole, so every answer has to count whole ones. In a sitting, some questions of one snapshot, all answers have
to agree with each other, and with themselves when asked again.
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import duckdb
import msgspec

from sdk_contract.errors import SojournError
from warehouse.insights.kinds import INSIGHTS
from warehouse.insights.question import Answer
from warehouse.lake import Lake, connect
from warehouse.settings import WarehouseSettings

OPENED, CLOSED, DEVICES = "Serving Opened", "Serving Closed", 5
_BOTH: Final = (OPENED, CLOSED)
QUESTIONS: Final[dict[str, tuple[str, dict[str, Any]]]] = {
    "rollup": ("trend", {"events": _BOTH, "measure": "units"}),
    "counts": ("trend", {"events": _BOTH, "every": "whole"}),
    "raw": ("trend", {"events": _BOTH, "measure": "units", "raw": True}),
    "funnel": ("funnel", {"steps": _BOTH, "within": "1d"}),
    "retention": ("retention", {"start": OPENED, "every": "day", "intervals": 2}),
    "paths": ("paths", {"depth": 2}),
    "everybody": ("trend", {"events": ("*",), "measure": "units", "every": "whole"}),
}
_ALIKE: Final = (("rollup", "counts", "raw", "funnel", "retention"), ("paths", "everybody"))


class Seen(msgspec.Struct):
    """`torn`: what no single snapshot can hold; `locked`: errors of the database; `rolled`: answers of
    the roll-up; `told`: the first few.
    """

    answers: int = 0
    locked: int = 0
    torn: int = 0
    rolled: int = 0
    took_ms: list[float] = []
    told: list[str] = []

    def tell(self, text: str) -> None:
        if len(self.told) < 5:
            self.told.append(text[:300])


class Sitting(Lake):
    """A lake whose transactions are all one while somebody sits."""

    _sits = False

    @contextmanager
    def transaction(self) -> Iterator[None]:
        if self._sits:
            yield
            return
        with super().transaction():
            yield

    @contextmanager
    def sit(self) -> Iterator[None]:
        """Inside, all questions read one snapshot."""
        with super().transaction():
            self._sits = True
            try:
                yield
            finally:
                self._sits = False


def halves(name: str, answer: Answer) -> list[str]:
    """What of an answer cannot be where batches are whole; `name` as in QUESTIONS."""
    if name in _ALIKE[1]:
        return []
    found = [f"{name}: {answer.n} devices are no whole batches"] if answer.n % DEVICES else []
    parts = _parts(name, answer)
    found += [f"{name}: {part} is no whole batch" for part in parts if part % DEVICES]
    return found + ([f"{name}: {parts} differ"] if len(set(parts)) > 1 else [])


def _parts(name: str, answer: Any) -> list[int]:
    """The two ends of the batches, each counted."""
    if name == "funnel":
        return [step.n for step in answer.steps]
    if name == "retention":
        return []
    whole = next(one for one in answer.totals if not one.by)
    return [int(value or 0) for value in whole.values]


def quarrels(answers: dict[str, Answer]) -> list[str]:
    """Where answers of one snapshot do not agree."""
    snapshots = {answer.snapshot for answer in answers.values()}
    found = [f"one sitting, snapshots {sorted(snapshots)}"] if len(snapshots) > 1 else []
    for names in _ALIKE:
        said = {name: answers[name].n for name in names if name in answers}
        found += [f"not alike: {said}"] if len(set(said.values())) > 1 else []
    return found


def watch(lake: Sitting, seconds: float, random_: random.Random) -> Seen:
    """Ask until the time is over: mostly one question after the other, sometimes in a sitting."""
    seen, until = Seen(), time.monotonic() + seconds
    while time.monotonic() < until:
        now = time.time_ns() // 1000
        try:
            if random_.random() < 0.3:
                _sit(lake, seen, random_, now)
            else:
                name = random_.choice(list(QUESTIONS))
                _note(seen, halves(name, _asked(lake, seen, name, now)))
        except (duckdb.Error, SojournError) as error:
            seen.locked += 1
            seen.tell(f"{type(error).__name__}: {error}")
    return seen


def _sit(lake: Sitting, seen: Seen, random_: random.Random, now: int) -> None:
    names = random_.sample(list(QUESTIONS), 4)
    with lake.sit():
        answers = {name: _asked(lake, seen, name, now) for name in names}
        again = _asked(lake, seen, names[0], now)
    _note(seen, quarrels(answers))
    for name, answer in answers.items():
        _note(seen, halves(name, answer))
    _note(seen, [] if again == answers[names[0]] else [f"{names[0]}: asked again, another answer"])


def _asked(lake: Lake, seen: Seen, name: str, now: int) -> Answer:
    kind, fields = QUESTIONS[name]
    insight = INSIGHTS[kind]
    began = time.perf_counter()
    answer: Answer = insight.ask(lake, msgspec.convert({"since": "1d", **fields}, insight.question), now)
    seen.took_ms.append(round((time.perf_counter() - began) * 1e3, 1))
    seen.answers += 1
    seen.rolled += getattr(answer, "source", "raw") == "rollup"
    return answer


def _note(seen: Seen, found: list[str]) -> None:
    seen.torn += bool(found)
    for text in found:
        seen.tell(text)


def main() -> None:
    """Prints what it saw."""
    folder, seconds, seed = sys.argv[1:]
    settings = WarehouseSettings(data=str(Path(folder)), lake_threads=1, lake_memory=1 << 29)
    with connect(settings, read_only=True) as lake:
        seen = watch(Sitting(lake.con, lake.metadata), float(seconds), random.Random(int(seed)))
    sys.stdout.write(msgspec.json.encode(seen).decode())


if __name__ == "__main__":
    main()
