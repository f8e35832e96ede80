"""What was worked out from a snapshot, kept for whoever asks the same of it again."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from threading import Lock
from typing import Any, TypeVar

T = TypeVar("T")


class Remembered:
    """Holds results of one snapshot, the one asked about last. From any thread."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._snapshot: int | None = None
        self._held: dict[Hashable, Any] = {}

    def get(self, snapshot: int, name: Hashable, make: Callable[[], T]) -> T:
        """What `make` says of the snapshot; who asks meanwhile waits for it."""
        with self._lock:
            if self._snapshot != snapshot:
                self._snapshot, self._held = snapshot, {}
            if name not in self._held:
                self._held[name] = make()
            found: T = self._held[name]
            return found

    def held(self, snapshot: int, name: Hashable) -> Any:
        """What is remembered of the snapshot; None where nothing is."""
        with self._lock:
            return self._held.get(name) if self._snapshot == snapshot else None
