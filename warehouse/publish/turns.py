"""Whose turn it is at a bucket or folder: one run at a time, whichever machine it is on.

Turns are numbered objects, each created once. Who has the greatest number has the turn, until that object
says that it is over. One that ended without a word is passed over when its time is up, or at once where its
program is known to be gone.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec

from warehouse.errors import ObjectMissing
from warehouse.landing import Store
from warehouse.publish.errors import DestinationAway

FOLDER: Final = "turns/"
LONGEST_US: Final = 30 * 60_000_000
_going: set[tuple[str, str]] = set()  # (place, key) of this program's own
_PROCESSES: Final = Path("/proc")


class Program(msgspec.Struct, frozen=True):
    """A program by its number on a machine; `machine` is empty where numbers cannot be compared."""

    machine: str
    number: int

    def is_gone(self, seen_from: Program) -> bool:
        """Whether it surely runs no more, as far as another program can see."""
        return (
            self.machine == seen_from.machine != ""
            and self.number != seen_from.number
            and not (_PROCESSES / str(self.number)).exists()
        )


def this_program() -> Program:
    """This one. Programs of two containers have numbers of their own."""
    try:
        boot = (_PROCESSES / "sys/kernel/random/boot_id").read_text().strip()
        return Program(f"{boot}-{(_PROCESSES / 'self/ns/pid').stat().st_ino}", os.getpid())
    except OSError:
        return Program("", os.getpid())


class _Said(msgspec.Struct, frozen=True):
    """What the object of a turn holds; `until` is µs UTC."""

    program: Program
    until: int
    is_over: bool = False

    def is_free(self, seen_from: Program, now: int) -> bool:
        """Whether somebody else may take the next turn."""
        return self.is_over or now >= self.until or self.program.is_gone(seen_from)


class Turn:
    """A turn that was taken at `place`; `now`: µs UTC. DestinationAway where it is another program's."""

    def __init__(self, store: Store, place: str, program: Program, now: int) -> None:
        self._store, self._place = store, place
        number, said = _greatest(store)
        left = said is not None and said.program == program and (place, _key(number)) not in _going
        if said is not None and not left and not said.is_free(program, now):
            raise DestinationAway("another program publishes there right now")
        self._key = _key(number + 1)
        self._said = _Said(program, now + LONGEST_US)
        if not store.put_new(self._key, msgspec.json.encode(self._said)):
            raise DestinationAway("another program began to publish there a moment ago")
        _going.add((place, self._key))
        self.require()

    def require(self) -> None:
        """DestinationAway where it was passed over."""
        number, said = _greatest(self._store)
        if self._key != _key(number) or said != self._said:
            raise DestinationAway(
                "another program has published there meanwhile, since this one took so long"
            )

    def end(self) -> None:
        """It is over; those before it are forgotten."""
        _going.discard((self._place, self._key))
        over = msgspec.structs.replace(self._said, is_over=True)
        self._store.replace(self._key, msgspec.json.encode(over))
        for one in list(self._store.list(FOLDER)):
            if one.key < self._key:
                self._store.delete(one.key)


def _key(number: int) -> str:
    return f"{FOLDER}{number:012d}.json"


def _greatest(store: Store) -> tuple[int, _Said | None]:
    """The number of the newest turn, and what is said of it; None where that cannot be read."""
    keys = [one.key for one in store.list(FOLDER)]
    if not keys:
        return 0, None
    newest = max(keys)
    said = None
    with suppress(ObjectMissing, msgspec.MsgspecError):
        said = msgspec.json.decode(store.get(newest), type=_Said)
    digits = newest.removeprefix(FOLDER).removesuffix(".json")
    return int(digits) if digits.isdecimal() else 0, said
