"""Times as people and programs read them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def iso(moment: int) -> str:
    """µs UTC as ISO 8601 with Z; the fraction is there when it is not zero."""
    return iso_time(_EPOCH + timedelta(microseconds=moment))


def iso_time(moment: datetime) -> str:
    """An aware time as ISO 8601 in UTC with Z."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
