"""Volume, refusals, lateness and duplicates of each kind of events on each day."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any

from msgspec import Struct

from warehouse.lake import Lake
from warehouse.quality.answer import EventDay, Kind, TopReason
from warehouse.quality.questions import HISTORY_DAYS, MOST_KINDS, SHAPE_DAYS, Bounds, ask, kinds
from warehouse.quality.usual import Usual, is_new, judged


class Counts(Struct):
    """What happened to the events of one kind, by day."""

    volume: dict[date, int]
    before: dict[date, int]
    late_hour: dict[date, int]
    late_day: dict[date, int]
    refused: dict[date, list[TopReason]]
    copies: dict[date, int]


class Past(Struct, frozen=True):
    """Everything that the report knows of volumes; `since` is the first whole day of each project."""

    counts: dict[Kind, Counts]
    since: dict[str, date]
    left_out: int


def past(lake: Lake, asked: Bounds) -> Past:
    """Read the days that are asked about and those that they are compared with."""
    volumes = kinds(ask(lake, "volumes", asked, HISTORY_DAYS))
    refused = kinds(ask(lake, "refused", asked, SHAPE_DAYS))
    copies = kinds(ask(lake, "copies", asked, SHAPE_DAYS))
    often = sorted(volumes, key=lambda kind: (-sum(row[1] for row in volumes[kind]), str(kind)))
    kept = [*often[:MOST_KINDS], *sorted(set(refused) - set(volumes), key=str)[:MOST_KINDS]]
    counts = {
        kind: _counts(volumes.get(kind, []), refused.get(kind, []), copies.get(kind, [])) for kind in kept
    }
    return Past(counts, _first_days(volumes, asked), max(0, len(often) - MOST_KINDS))


def _counts(
    volumes: list[tuple[Any, ...]], refused: list[tuple[Any, ...]], copies: list[tuple[Any, ...]]
) -> Counts:
    volume, before, hour, day_late = ({row[0]: row[number] for row in volumes} for number in range(1, 5))
    reasons: dict[date, list[TopReason]] = {}
    for day, reason, pointer, events in refused:
        reasons.setdefault(day, []).append(TopReason(reason, pointer, events))
    return Counts(volume, before, hour, day_late, reasons, dict(copies))


def _first_days(volumes: Mapping[Kind, list[tuple[Any, ...]]], asked: Bounds) -> dict[str, date]:
    """A project's first whole day within what was read: its very first day began at some hour."""
    read = asked.since - timedelta(HISTORY_DAYS)
    found: dict[str, date] = {}
    for kind, rows in volumes.items():
        first = min(row[0] for row in rows)
        found[kind.project] = min(first, found.get(kind.project, first))
    return {project: first if first == read else first + timedelta(1) for project, first in found.items()}


def event_days(known: Past, asked: Bounds) -> Iterator[EventDay]:
    """Every kind on every day that it can be expected on, from its first day on."""
    for kind, counts in known.counts.items():
        days = [*counts.volume, *counts.refused]
        first = max(min(days), asked.since)
        for back in range((asked.until - first).days, -1, -1):
            yield _event_day(kind, counts, asked.until - timedelta(back), known.since, asked)


def _event_day(kind: Kind, counts: Counts, day: date, since: Mapping[str, date], asked: Bounds) -> EventDay:
    whole = day < asked.until or asked.hour == 24
    comparable = counts.volume if whole else counts.before
    status, usual = _status(counts, comparable, day, since.get(kind.project, day), asked)
    stored, copies = counts.volume.get(day, 0), counts.copies.get(day, 0)
    reasons = counts.refused.get(day, [])
    rejected = sum(reason.events for reason in reasons)
    return EventDay(
        *kind,
        day=day,
        whole=whole,
        volume=comparable.get(day, 0),
        expected=usual.expected if usual else None,
        spread=round(usual.spread, 2) if usual else None,
        status=status,
        rejected=rejected,
        reject_rate=_share(rejected, stored + rejected),
        top_reason=max(reasons, key=lambda one: (one.events, one.reason, one.pointer or ""), default=None),
        late_hour=_share(counts.late_hour.get(day, 0), stored),
        late_day=_share(counts.late_day.get(day, 0), stored),
        duplicates=copies,
        duplicate_share=_share(copies, stored + copies),
    )


def _status(
    counts: Counts, comparable: Mapping[date, int], day: date, since: date, asked: Bounds
) -> tuple[str, Usual | None]:
    """`new` on the first week of a kind that would have been seen before, had it been there."""
    if not counts.volume:
        return "ok", None
    first = min(counts.volume)
    if (day - first).days < 7 and is_new(counts.volume, first, since, asked.until):
        return "new", None
    return judged(comparable, day, max(first, since))


def _share(part: int, whole: int) -> float:
    return round(part / whole, 5) if whole else 0.0
