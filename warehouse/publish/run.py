"""One run of publishing: the lake as it is now, into a database, a bucket or a folder."""

from __future__ import annotations

from warehouse.lake import Lake
from warehouse.publish import objects, postgres
from warehouse.publish.choice import Choice, chosen
from warehouse.publish.done import Done
from warehouse.publish.place import Place
from warehouse.registry import Registry

_OWNER = "published_as"


def publish(lake: Lake, registry: Registry, place: Place, choice: Choice, now: int) -> Done:
    """All tables of one snapshot, or none. `now` in µs UTC.

    DestinationAway where trying again can help, DestinationRefused and BadDestination where it cannot.
    """
    to = postgres.publish if place.database is not None else objects.publish
    lake.execute("BEGIN")
    try:
        return to(lake, place, chosen(choice), owner(registry), now, _complete_until(lake))
    finally:
        lake.execute("ROLLBACK")


def owner(registry: Registry) -> str:
    """What a destination knows this data folder by."""
    return registry.secret_setting(_OWNER)[:16]


def _complete_until(lake: Lake) -> int | None:
    rows = lake.query("SELECT epoch_us(complete_until) FROM cursors WHERE name = 'stitch'")
    return int(rows[0][0]) if rows and rows[0][0] is not None else None
