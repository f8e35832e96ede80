"""How pages read: questions asked of the lake and the registry in a few threads, off the event loop.

The lake is opened once, read-only, and each thread has a cursor of its own, for as long as the catalog stays
the same file.
"""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from warehouse.errors import LakeMissing
from warehouse.lake import Lake
from warehouse.registry import Registry

T = TypeVar("T")
LAKE_THREADS, REGISTRY_THREADS = 3, 2


class Reader:
    """Answers questions about one data folder.

    `open_lake` opens the lake to read, `open_registry` the registry; the threads that ask call them.
    """

    def __init__(
        self, data: Path, open_lake: Callable[[], Lake], open_registry: Callable[[], Registry]
    ) -> None:
        self.catalog = data / "lake" / "catalog.sqlite"
        self._open_lake = open_lake
        self._open_registry = open_registry
        self._opening = threading.Lock()
        self._opened: tuple[tuple[int, int], Lake] | None = None
        self._own = threading.local()
        # Apart, so that a long question to the lake holds nobody up who needs a key.
        self._lake_threads = ThreadPoolExecutor(LAKE_THREADS, "lake-reader")
        self._registry_threads = ThreadPoolExecutor(REGISTRY_THREADS, "registry-reader")

    async def lake(self, question: Callable[[Lake], T]) -> T:
        """The answer to a question about the lake; LakeMissing before the first load."""
        return await _run(self._lake_threads, lambda: question(self._lake()))

    async def registry(self, question: Callable[[Registry], T]) -> T:
        """The answer to a question about keys and settings."""
        return await _run(self._registry_threads, lambda: question(self._registry()))

    def close(self) -> None:
        """Lets the threads finish what they are asked now, and no more."""
        self._lake_threads.shutdown(cancel_futures=True)
        self._registry_threads.shutdown(cancel_futures=True)

    def _lake(self) -> Lake:
        file = self._catalog_file()
        if getattr(self._own, "file", None) != file:
            self._own.lake = self._cursor(file)
            self._own.file = file
        lake: Lake = self._own.lake
        return lake

    def _cursor(self, file: tuple[int, int]) -> Lake:
        with self._opening:
            if self._opened is None or self._opened[0] != file:
                self._opened = file, self._open_lake()
            return self._opened[1].cursor()

    def _catalog_file(self) -> tuple[int, int]:
        """Which file the catalog is now: a rebuild puts another in its place."""
        try:
            found = self.catalog.stat()
        except FileNotFoundError as error:
            raise LakeMissing(f"{self.catalog} does not exist yet: nothing has been loaded") from error
        return found.st_dev, found.st_ino

    def _registry(self) -> Registry:
        if not hasattr(self._own, "registry"):
            self._own.registry = self._open_registry()
        registry: Registry = self._own.registry
        return registry


async def _run(threads: ThreadPoolExecutor, work: Callable[[], T]) -> T:
    return await asyncio.get_running_loop().run_in_executor(threads, work)
