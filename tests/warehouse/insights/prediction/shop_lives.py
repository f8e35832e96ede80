"""Devices that come, ask for help, and then often stop: six weeks of events, and a lake of them."""

import json
import random
from typing import Any

from tests.sessionizer.world import HOUR, START, Event
from tests.warehouse.insights.asked_lake import complete, lake_of
from warehouse.lake import Lake
from warehouse.times import iso

DAY = 24 * HOUR
DAYS = 42
UNTIL = START + DAYS * DAY
GIVEN: dict[str, Any] = {
    "since": iso(START),
    "until": iso(UNTIL),
    "unit": "device",
    "horizon": "7d",
    "history": "14d",
    "active": "7d",
    "value": "properties.price",
    "steps": ("Viewed", "Added", "Ordered"),
    "contact": "Asked",
    "channels": ("Email",),
}


def lives(people: int, seed: int = 3, days: int = DAYS) -> list[Event]:
    """Devices that come on some days at noon, ask for help, and then often stop."""
    random_ = random.Random(seed)
    found: list[tuple[int, str, str, str]] = []
    for person in range(people):
        day, keen = random_.randrange(12), random_.random()
        while day < days:
            for name in ("Viewed", *random_.choices(("Added", "Ordered", "Asked", "Viewed"), k=2)):
                at = START + day * DAY + 12 * HOUR + len(found) % 7 * 60_000_000
                channel = "Email" if keen > 0.5 else "Direct"
                found.append((at, f"d{person}", name, channel))
            if found[-1][2] == "Asked" and random_.random() < 0.5:
                break
            day += 1 + int(random_.expovariate(0.25 + 0.5 * keen))
    return [
        Event(
            seq,
            at,
            f"m{seq}",
            "track",
            device,
            event=name,
            channel=channel,
            properties=json.dumps({"price": 5 + seq % 3}),
        )
        for seq, (at, device, name, channel) in enumerate(found, 1)
    ]


def lived(events: list[Event]) -> Lake:
    """A lake in which all of them are complete."""
    found = lake_of(events)
    complete(found, UNTIL)
    return found
