"""Work on what is read while more is read, and never far behind it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future
from typing import Final, TypeVar

T = TypeVar("T")
R = TypeVar("R")
_WAITING: Final = 8  # of half a million rows each, some tens of MB


def worked(pool: Executor, work: Callable[[T], R], items: Iterable[T]) -> Iterator[R]:
    """What `work` makes of each, in their order; items are fetched as long as few wait for a thread."""
    waiting: deque[Future[R]] = deque()
    for item in items:
        waiting.append(pool.submit(work, item))
        if len(waiting) > _WAITING:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()
