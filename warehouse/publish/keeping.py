"""Saved destinations kept fresh: each in a thread of its own, so that one that is slow or away holds up no
other.
"""

from __future__ import annotations

import fcntl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import msgspec

from sdk_contract.errors import SojournError
from warehouse.lake import connect
from warehouse.publish.choice import Choice
from warehouse.publish.errors import BadDestination
from warehouse.publish.place import password_of, read_place
from warehouse.publish.run import publish
from warehouse.registry import Registry
from warehouse.registry.destinations import Destination, State
from warehouse.settings import WarehouseSettings

FIRST_PAUSE, LONGEST_PAUSE = 5.0, 300.0
# Of its time, a destination takes at most one part in this many.
SHARE: Final = 5
LOOK_EVERY_S: Final = 1.0
Report = Callable[[str, str, Mapping[str, object]], None]


class Keeper:
    """`now` gives µs UTC; `report` is told a level, an event and its facts."""

    def __init__(
        self,
        settings: WarehouseSettings,
        registry: Registry,
        now: Callable[[], int],
        report: Report,
        stop: threading.Event,
    ) -> None:
        self._settings, self._registry, self._now = settings, registry, now
        self._report, self._stop = report, stop
        self._busy: dict[str, threading.Thread] = {}

    def run(self) -> None:
        """Until `stop` is set; what is under way then ends with the program, and changes nothing there."""
        while not self._stop.is_set():
            self.look()
            self._stop.wait(LOOK_EVERY_S)

    def look(self) -> None:
        """Begin a run of each destination that is due and has none under way."""
        self._busy = {name: thread for name, thread in self._busy.items() if thread.is_alive()}
        for one in self._registry.destinations():
            if one.name not in self._busy and self._now() >= one.state.next_at:
                thread = threading.Thread(target=self.attempt, args=(one,), name=one.name, daemon=True)
                self._busy[one.name] = thread
                thread.start()

    def attempt(self, one: Destination) -> State:
        """One run; what came of it stands in the registry."""
        began = self._now()
        try:
            state = self._worked(one, began)
        except Exception as error:  # also a fault of ours: it must not be tried every second
            said = str(error) if isinstance(error, SojournError) else repr(error)
            state = failed(one.state, " ".join(said.split()), self._now())
            self._tell_failure(one, state)
        self._registry.note_destination(one.name, state)
        return state

    def _worked(self, one: Destination, began: int) -> State:
        file = Path(one.password_file) if one.password_file else None
        place = read_place(one.place, password_of(file, {}))
        choice = msgspec.json.decode(one.choice, type=Choice)
        with connect(self._settings, read_only=True) as lake:
            done = publish(lake, self._registry, place, choice, began)
        ended = self._now()
        level = "info" if done.changed or one.state.failures else "debug"
        facts = {"destination": one.name, "changed": done.changed, "seconds": round((ended - began) / 1e6, 3)}
        self._report(level, "published", facts)
        rest = max(began + int(one.every * 1e6), ended + (SHARE - 1) * (ended - began))
        return State(
            worked_at=ended,
            complete_until=done.complete_until,
            snapshot=done.snapshot,
            rows=done.rows,
            changed=done.changed,
            seconds=(ended - began) / 1e6,
            next_at=rest,
        )

    def _tell_failure(self, one: Destination, state: State) -> None:
        level = "warning" if state.failures == 1 else "debug"
        facts = {"destination": one.name, "error": state.error, "failures": state.failures}
        self._report(level, "publishing failed", facts)


def failed(before: State, error: str, now: int) -> State:
    """The state after one more failure: tried again after pauses that double, up to five minutes."""
    pause = min(FIRST_PAUSE * 2 ** min(before.failures, 20), LONGEST_PAUSE)
    return msgspec.structs.replace(
        before,
        failing_since=before.failing_since or now,
        failures=before.failures + 1,
        error=error,
        next_at=now + int(pause * 1e6),
    )


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """BadDestination where another program keeps this data folder's destinations fresh."""
    with (folder / "publish.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BadDestination(
                f"another sojourn publish keeps the destinations of {folder} fresh; `sojourn up` runs one"
            ) from None
        yield
