"""Blocks become landing objects, in this program or in several beside it."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from itertools import chain, islice
from multiprocessing import get_context
from pathlib import Path

import msgspec

from warehouse.imports.blocks import Block
from warehouse.imports.drafts import Drafter
from warehouse.imports.errors import BadImport
from warehouse.imports.index import RowIndex
from warehouse.imports.kinds import KINDS
from warehouse.imports.making import Made, Maker
from warehouse.imports.mapping import Mapping
from warehouse.imports.matching import Named, named
from warehouse.imports.repeats import Repeats
from warehouse.registry import Registry
from warehouse.rules import KeyRules, RuleBook
from warehouse.secrets import Secrets
from warehouse.segments import segment_id


class Work(msgspec.Struct, frozen=True):
    """What has to be known to make objects of blocks. `began_at`, µs UTC, and `worker` name the objects.
    `dry`: who would be known is looked for, and nothing is made to stay.
    """

    kind: str
    mapping: Mapping
    project: str
    key_no: int
    registry: Path
    secrets: Path
    index: Path
    event_limit: int
    repeats: Repeats
    worker: str
    began_at: int
    said_by: dict[str, str | int]
    dry: bool = False

    def segment(self, number: int) -> str:
        """The name of a block's object."""
        return segment_id(self.worker, self.began_at // 1000, number)


class Workshop:
    """Everything that stays from block to block."""

    def __init__(self, work: Work) -> None:
        self._work = work
        registry = Registry.open(work.registry, now=lambda: work.began_at)
        try:
            self._drafter = Drafter(KINDS[work.kind], work.mapping, work.project, secret_of(registry))
            of_key = rules_of_key(registry, work)
        finally:
            registry.close()
        self._maker = Maker(KINDS[work.kind], of_key, work.said_by, work.event_limit, work.mapping)
        self._index = RowIndex.open(work.index) if work.index.is_file() or not work.dry else None

    def make(self, block: Block, received_at: int) -> tuple[Made, list[Named]]:
        """The object of a block, and for a dry run which ids its rows name."""
        work = self._work
        losers, drafter = work.repeats.losers, self._drafter
        drafts = [drafter.contradicted(one) if one.row in losers else one for one in drafter.drafts(block)]
        known = {} if self._index is None else self._index.known([one.key for one in drafts])
        name = work.segment(block.number)
        made = self._maker.make(block.number, drafts, known, work.repeats, name, received_at)
        if not work.dry:
            return made, []
        return msgspec.structs.replace(made, parquet=None), named(drafts, work.project)


def secret_of(registry: Registry) -> str:
    """What keeps the names of rows from being guessed."""
    return registry.secret_setting("imports")


def rules_of_key(registry: Registry, work: Work) -> KeyRules:
    """What holds for the write key now. BadImport where its plan or policy cannot be used."""

    def refuse(text: str) -> None:
        raise BadImport(text)

    secrets = Secrets.open(work.secrets, lambda: work.began_at, os.urandom)
    keys = [key for key in registry.keys() if key.no == work.key_no]
    return RuleBook(secrets.vault, refuse).build(registry, keys)[keys[0].secret]


def made_of(
    work: Work, blocks: Iterable[Block], processes: int, now: Callable[[], int]
) -> Iterator[tuple[Made, list[Named], int]]:
    """Each block's object in their order, with the moment at which it was begun (µs UTC).

    One block, or one process, needs no program beside this one.
    """
    blocks = iter(blocks)
    first = list(islice(blocks, 2))
    if len(first) < 2 or processes < 2:
        shop = Workshop(work)
        for block in chain(first, blocks):
            moment = now()
            yield *shop.make(block, moment), moment
        return
    with ProcessPoolExecutor(processes, get_context("spawn"), _begin, (work,)) as pool:
        yield from _in_order(pool, chain(first, blocks), processes + 2, now)


def _in_order(
    pool: ProcessPoolExecutor, blocks: Iterator[Block], most: int, now: Callable[[], int]
) -> Iterator[tuple[Made, list[Named], int]]:
    waiting: deque[tuple[Future[tuple[Made, list[Named]]], int]] = deque()
    for block in blocks:
        moment = now()
        waiting.append((pool.submit(_make, block, moment), moment))
        if len(waiting) >= most:
            future, moment = waiting.popleft()
            yield *future.result(), moment
    for future, moment in waiting:
        yield *future.result(), moment


_shops: list[Workshop] = []


def _begin(work: Work) -> None:
    _shops.append(Workshop(work))


def _make(block: Block, received_at: int) -> tuple[Made, list[Named]]:
    return _shops[0].make(block, received_at)
