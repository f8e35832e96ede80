"""Customers and devices by number, as they stand in a snapshot."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor, Future
from functools import partial
from typing import NamedTuple

import numpy as np

from warehouse.insights.asked import Asked
from warehouse.insights.roster import Numbers, Places, Roster, Strays
from warehouse.statements import statement


class Whose(NamedTuple):
    """`roster`: the keys of all ids. `own`: the number of the owner at each place, the last for what has no
    place. `numbers`: more than any of these.
    """

    roster: Roster
    own: Places
    numbers: int

    @classmethod
    def of(cls, asked: Asked) -> Whose:
        """By the question's unit; remembered for as long as nothing is committed, 16 bytes an id."""
        return cls._remembered(asked) or cls._kept(asked, *cls._read(asked))

    @classmethod
    def soon(cls, asked: Asked, pool: Executor) -> Future[Whose]:
        """The same, put in order by a thread, while other questions can be asked."""
        found = cls._remembered(asked)
        if found is None:
            return pool.submit(cls._kept, asked, *cls._read(asked))
        done: Future[Whose] = Future()
        done.set_result(found)
        return done

    @staticmethod
    def _remembered(asked: Asked) -> Whose | None:
        lake = asked.lake
        found: Whose | None = None if lake.bounded else lake.remembered.held(asked.snapshot, _name(asked))
        return found

    @classmethod
    def _kept(cls, asked: Asked, keys: Numbers, customers: Numbers) -> Whose:
        """From now on it is remembered; what is of a part of the lake is not."""
        if asked.lake.bounded:
            return cls._made(keys, customers)
        made = partial(cls._made, keys, customers)
        return asked.lake.remembered.get(asked.snapshot, _name(asked), made)

    @staticmethod
    def _read(asked: Asked) -> Iterator[Numbers]:
        """The keys of all ids, and those of their customers."""
        name = f"insights/lanes/ids_{asked.question.unit}"
        ids = asked.columns(statement(name, project=asked.values.bind(asked.project)))
        return (one.to_numpy() for one in ids.columns)

    @classmethod
    def _made(cls, keys: Numbers, customers: Numbers) -> Whose:
        # They come by customers, most of whom have one id: in long stretches that rise already.
        roster = Roster(np.sort(keys, kind="stable"))
        own = np.arange(len(keys) + 1, dtype=np.int32)
        own[-1] = 0
        (linked,) = np.nonzero(keys != customers)
        count = _join(own, roster, keys[linked], customers[linked])
        return cls(roster, own, count)


class Holders:
    """Numbers of the owners of ids by their keys, from 0 to below `count`, which grows; from any thread."""

    def __init__(self, asked: Asked) -> None:
        self._roster, self._own, count = Whose.of(asked)
        self._strays = Strays(count)

    @property
    def count(self) -> int:
        """More than any number that was told until now."""
        return self._strays.count

    def numbers(self, key: Numbers) -> Places:
        """An id that is in no customer stands for itself."""
        place = self._roster.places(key)
        found = self._own[place]
        strangers = place < 0
        found[strangers] = self._strays.numbers(key[strangers])
        return found


def _name(asked: Asked) -> tuple[str, str]:
    """What it is remembered by."""
    return asked.question.unit, asked.project


def _join(own: Places, roster: Roster, keys: Numbers, customers: Numbers) -> int:
    """A customer has the number of their oldest id, or one of its own where that is gone."""
    found, strays = roster.places(customers), Strays(len(own))
    gone = found < 0
    found[gone] = strays.numbers(customers[gone])
    own[roster.places(keys)] = found
    return strays.count
