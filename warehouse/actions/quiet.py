"""Quiet hours: when a message may leave."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from warehouse.actions.rules import Quiet

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def leaves_at(quiet: Quiet | None, moment: int) -> int:
    """The first moment (µs UTC) from this one on that is not in the quiet hours."""
    if quiet is None or quiet.begins == quiet.ends:
        return moment
    zone = ZoneInfo(quiet.timezone)
    local = (_EPOCH + timedelta(microseconds=moment)).astimezone(zone)
    minute = local.hour * 60 + local.minute
    if not _within(quiet, minute):
        return moment
    ends = local.replace(hour=quiet.ends // 60, minute=quiet.ends % 60, second=0, microsecond=0, fold=0)
    if minute >= quiet.ends:
        ends += timedelta(days=1)
    found = int((ends.astimezone(UTC) - _EPOCH) / timedelta(microseconds=1))
    return max(found, moment)


def _within(quiet: Quiet, minute: int) -> bool:
    if quiet.begins < quiet.ends:
        return quiet.begins <= minute < quiet.ends
    return minute >= quiet.begins or minute < quiet.ends
