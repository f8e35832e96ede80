"""A publisher on a journal with one worker, with time that passes when told."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from collector.files import Files
from collector.publish import Publisher
from tests.collector.segments_made import (
    WORKER,
    Books,
    batch,
    landed,
    put_sealed,
    request,
    segment,
    track,
)
from warehouse.landing import LocalStore

EPOCH = 1_795_298_592_515


class Scene:
    """A journal with one worker, a landing folder, books, and a publisher with a clock of its own."""

    def __init__(self, root: Path, store: Any = None, books: Any = None, files: Any = None) -> None:
        self.journal, self.folder = root / "journal", root / "journal" / WORKER
        self.folder.mkdir(parents=True, exist_ok=True)
        self.store: Any = store or LocalStore(root / "landing")
        self.books: Any = books or Books()
        self.files: Any = files or Files()
        self.time = 0.0
        self.reports: list[tuple[str, Mapping[str, Any]]] = []
        self.publisher = self.start()

    def start(self) -> Publisher:
        report = lambda event, facts: self.reports.append((event, facts))  # noqa: E731
        return Publisher(self.journal, self.store, self.books, self.files, report, lambda: self.time)

    def seal(self, number: int, *message_ids: str) -> Path:
        body = batch([track(one) for one in message_ids])
        name = f"{EPOCH:013d}-{number:08d}"
        return put_sealed(self.folder, name, segment([(request(), body, len(message_ids))], number))

    def publish(self) -> None:
        """Until nothing more happens at this time."""
        self.publisher.step()
        while self.publisher.wait():
            self.publisher.step()

    def ids(self) -> list[str]:
        return [row["message_id"] for row in landed(self.store)]
