"""A shop of views and orders by day, to be watched."""

from collections.abc import Sequence
from pathlib import Path

from sessionizer.incremental import stitch
from tests.sessionizer.world import MINUTE, START, Event, loaded, plain_lake, store
from tests.warehouse.insights.asked_lake import complete
from warehouse.lake import Lake
from warehouse.registry import Registry
from warehouse.registry.watches import PublishedWatch
from warehouse.watches import Looked, look
from warehouse.watches.definition import read_watch
from warehouse.watches.publishing import publish

DAY = 24 * 60 * MINUTE
VIEWS, ORDERS = 120, 30
CVR = """
name: cvr
trend: {events: [Ordered, Viewed], formula: A / B}
alarm: {seasonal: {history: 14d}}
cause: [device_type, country]
"""


class Shop:
    """Each day 120 view and 30 of them order, unless `orders` says otherwise; every third is a mobile."""

    def __init__(self, folder: Path, orders: Sequence[int]) -> None:
        self.lake: Lake = plain_lake()
        self.lake.execute("CREATE MACRO lake.current_snapshot() AS TABLE SELECT 7 AS id")
        self.clock, self.seq = START, 0
        self.registry = Registry.open(folder / "registry.sqlite", now=lambda: self.clock)
        self.registry.create_key("shop")
        for day, number in enumerate(orders):
            self._come(day, 0, VIEWS, "Viewed")
            self._come(day, 0, number, "Ordered")
        self.settle()

    def _come(self, day: int, first: int, last: int, name: str) -> None:
        """Mobiles order first, so that where few order it is desktops that do not."""
        events = []
        for number in range(first, last):
            self.seq += 1
            device = "mobile" if number % VIEWS < 40 else "desktop"
            at = START + day * DAY + number % VIEWS * 5 * MINUTE + (MINUTE if name == "Ordered" else 0)
            events.append(
                Event(
                    self.seq, at, f"m{self.seq}", anonymous_id=f"d{number}", event=name,
                    device_type=device, country="DE" if number % 2 else "FR",
                )
            )  # fmt: skip
        if events:
            store(self.lake, events)

    def order(self, day: int, first: int, last: int) -> None:
        """These come late."""
        self._come(day, first, last, "Ordered")
        self.settle()

    def settle(self) -> None:
        loaded(self.lake, self.seq)
        while stitch(self.lake, now=lambda: self.clock).behind:
            pass

    def publish(self, text: str, day: float) -> PublishedWatch:
        self.clock = START + int(day * DAY)
        return publish(self.registry, "shop", read_watch(text), "lin")

    def look(self, watch: PublishedWatch, day: float, following: PublishedWatch | None = None) -> Looked:
        """As of a moment at which everything before is in."""
        self.clock = START + int(day * DAY)
        complete(self.lake, self.clock)
        return look(self.lake, self.registry, watch, following, self.clock)
