"""How pages read: questions asked of the lake and the registry in a few threads, off the event loop.

The lake is opened once, read-only, and each thread has a cursor of its own, for as long as the catalog stays
the same.
"""

import asyncio
import threading
from collections.abc import Callable, Hashable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

import duckdb

from warehouse.access.scope import Scope
from warehouse.access.views import confine_to
from warehouse.catalogs import Catalog, unavailable
from warehouse.console.turn import Gone, Turn
from warehouse.errors import CatalogUnavailable, LakeMissing
from warehouse.lake import Lake
from warehouse.registry import Registry

T = TypeVar("T")
LAKE_THREADS, REGISTRY_THREADS = 3, 2
FOOTERS: Final = 96 << 20
SECONDS: Final = 60.0
# Connections that a thread keeps, one for each scope that somebody has.
KEPT = 32


class Reader:
    """Answers questions about one data folder.

    `open_lake` opens the lake to read, `open_registry` the registry; the threads that ask call them. A lake
    that keeps more than `footers` bytes of them is opened anew, since DuckDB never gives one up. `seconds` is
    what one question may take.
    """

    def __init__(
        self,
        catalog: Catalog,
        open_lake: Callable[[], Lake],
        open_registry: Callable[[], Registry],
        footers: int = FOOTERS,
        *,
        seconds: float = SECONDS,
    ) -> None:
        self._catalog = catalog
        self._open_lake = open_lake
        self._open_registry = open_registry
        self._footers = footers
        self._seconds = seconds
        self._opening = threading.Lock()
        self._opened: tuple[Hashable, Lake] | None = None
        self._own = threading.local()
        # Apart, so that a long question to the lake holds nobody up who needs a key.
        self._lake_threads = ThreadPoolExecutor(LAKE_THREADS, "lake-reader")
        self._registry_threads = ThreadPoolExecutor(REGISTRY_THREADS, "registry-reader")

    async def lake(self, question: Callable[[Lake], T], scope: Scope, gone: Gone | None = None) -> T:
        """The answer to a question about what is in `scope` of the lake. `gone` says whether nobody waits.

        LakeMissing before the first load, CatalogUnavailable while the catalog does not answer, TakesTooLong,
        NobodyWaits.
        """
        turn = Turn(self._seconds)
        return await turn.take(self._lake_threads, lambda: self._answer(question, scope, turn), gone)

    async def registry(self, question: Callable[[Registry], T]) -> T:
        """The answer to a question about keys and settings."""
        return await _run(self._registry_threads, lambda: question(self._registry()))

    def close(self) -> None:
        """Lets the threads finish what they are asked now, and no more."""
        self._lake_threads.shutdown(cancel_futures=True)
        self._registry_threads.shutdown(cancel_futures=True)

    def _answer(self, question: Callable[[Lake], T], scope: Scope, turn: Turn) -> T:
        try:
            lake = self._lake(scope)
            turn.use(lake)
            answer = question(lake)
            self._forget(lake.kept())
            return answer
        except duckdb.Error as error:
            if unavailable(error):
                raise CatalogUnavailable(f"the catalog of {self._catalog.place} does not answer") from error
            raise

    def _lake(self, scope: Scope) -> Lake:
        with self._opening:
            identity = self._identity()
            if self._opened is None or self._opened[0] != identity:
                self._opened = identity, self._open_lake()
            if getattr(self._own, "opened", None) is not self._opened:
                self._own.lakes = {}
                self._own.opened = self._opened
        lakes: dict[bytes, Lake] = self._own.lakes
        key = scope.key()
        if key not in lakes:
            if len(lakes) >= KEPT:
                lakes.pop(next(iter(lakes))).con.close()
            lake = self._own.opened[1].cursor()
            confine_to(lake, scope)
            lakes[key] = lake
        return lakes[key]

    def _forget(self, kept: int) -> None:
        """The next question opens the lake anew where this one keeps too much."""
        with self._opening:
            if kept > self._footers and self._own.opened is self._opened:
                self._opened = None

    def _identity(self) -> Hashable:
        """Which catalog it is now: a rebuild puts another in its place."""
        identity = self._catalog.identity()
        if identity is None:
            raise LakeMissing(f"there is no lake in {self._catalog.place} yet: nothing has been loaded")
        return identity

    def _registry(self) -> Registry:
        if not hasattr(self._own, "registry"):
            self._own.registry = self._open_registry()
        registry: Registry = self._own.registry
        return registry


async def _run(threads: ThreadPoolExecutor, work: Callable[[], T]) -> T:
    return await asyncio.get_running_loop().run_in_executor(threads, work)
