"""A person's SQL, on connections of its own: bounded in rows, time and memory, over what they may see."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import islice
from typing import Any, Final, TypeVar

import duckdb
import msgspec

from warehouse.access.scope import Scope
from warehouse.access.statements import within
from warehouse.access.views import confine_to
from warehouse.errors import BadQuery
from warehouse.lake import Lake, connect
from warehouse.query import ask, confine, values
from warehouse.schema_docs import whole_tables
from warehouse.settings import WarehouseSettings

T = TypeVar("T")
AT_ONCE: Final = 2
_WAITING: Final = 8
_MEMORY: Final = 512 << 20
_SPILL: Final = "4GiB"


class Busy(Exception):
    """So many wait for an answer that one more would wait too long."""


class Found(msgspec.Struct, frozen=True):
    """The first rows; `more`: there are others. `seconds` of wall clock."""

    columns: list[str]
    types: list[str]
    rows: list[tuple[Any, ...]]
    more: bool
    seconds: float


class Queries:
    """Answers SQL about one data folder, `where`; `seconds` is the most that one statement may take."""

    def __init__(self, settings: WarehouseSettings, seconds: float) -> None:
        self.where = settings
        memory = min(settings.lake_memory, _MEMORY)
        self._settings = msgspec.structs.replace(settings, lake_memory=memory)
        self._seconds = seconds
        self._tables = frozenset(table.name for table in whole_tables())
        self._threads = ThreadPoolExecutor(AT_ONCE, "sql")
        self._waiting = 0

    async def first(self, sql: str, scope: Scope, rows: int) -> Found:
        """The first rows of an answer. BadQuery, LakeMissing, CatalogUnavailable, Busy."""
        return await self._run(lambda: self._first(sql, scope, rows))

    async def every(self, sql: str, scope: Scope, use: Callable[[Found, Iterator[tuple[Any, ...]]], T]) -> T:
        """What `use` makes of the columns and all rows, in the thread that reads them."""
        return await self._run(lambda: self._every(sql, scope, use))

    def close(self) -> None:
        self._threads.shutdown(cancel_futures=True)

    async def _run(self, work: Callable[[], T]) -> T:
        if self._waiting >= _WAITING:
            raise Busy
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        finally:
            self._waiting -= 1

    def _first(self, sql: str, scope: Scope, rows: int) -> Found:
        began = time.monotonic()
        with self._asked(sql, scope) as (columns, types, found):
            shown = list(islice(found, rows + 1))
        return Found(columns, types, shown[:rows], len(shown) > rows, time.monotonic() - began)

    def _every(self, sql: str, scope: Scope, use: Callable[[Found, Iterator[tuple[Any, ...]]], T]) -> T:
        with self._asked(sql, scope) as (columns, types, found):
            return use(Found(columns, types, [], False, 0), found)

    @contextmanager
    def _asked(
        self, sql: str, scope: Scope
    ) -> Iterator[tuple[list[str], list[str], Iterator[tuple[Any, ...]]]]:
        within(sql, self._tables)
        with connect(self._settings, read_only=True) as lake:
            lake.execute(f"SET max_temp_directory_size = '{_SPILL}'")
            confine_to(lake, scope)
            confine(lake, self._settings.folders)
            with self._in_time(lake):
                answer = ask(lake, sql)
                yield answer.columns, answer.types, values(answer)

    @contextmanager
    def _in_time(self, lake: Lake) -> Iterator[None]:
        """Ends a statement that takes too long, and says so."""
        late = threading.Event()

        def end() -> None:
            late.set()
            lake.con.interrupt()

        timer = threading.Timer(self._seconds, end)
        timer.start()
        try:
            yield
        except (BadQuery, duckdb.Error) as error:
            if late.is_set():
                raise BadQuery(
                    f"this takes longer than {self._seconds:g} s; a shorter range of event_day would do"
                ) from error
            raise
        finally:
            timer.cancel()


def schema() -> Sequence[tuple[str, str, Sequence[tuple[str, str, str]]]]:
    """(table, what it holds, (column, type, what it is)) of the lake, for whoever writes a question."""
    return [
        (table.name, table.comment, [(one.name, one.type, one.comment) for one in table.columns])
        for table in whole_tables()
    ]
