"""Versions of SDKs, sudden hours, and attributes that contradict themselves."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from warehouse.lake import Lake
from warehouse.quality.answer import Contradiction, SdkDay, Spike
from warehouse.quality.questions import (
    HOUR_DAYS,
    MOST_KINDS,
    SHAPE_DAYS,
    Bounds,
    ask,
    contradictory_attributes,
)
from warehouse.quality.usual import LEAST_DAYS


def sdk_days(lake: Lake, asked: Bounds) -> Iterator[SdkDay]:
    """Every version on every day that is asked about: those with most events where too many."""
    rows = ask(lake, "sdks", asked, SHAPE_DAYS)
    totals: dict[tuple[str, date], int] = {}
    first: dict[tuple[str, ...], date] = {}
    begun: dict[str, date] = {}
    for project, library, version, day, events in rows:
        totals[project, day] = totals.get((project, day), 0) + events
        first[project, library, version] = min(day, first.get((project, library, version), day))
        begun[project] = min(day, begun.get(project, day))
    for project, library, version, day, events in sorted(rows, key=lambda row: -row[4])[: 10 * MOST_KINDS]:
        if day >= asked.since:
            since = first[project, library, version]
            new = since == day and since >= begun[project] + timedelta(LEAST_DAYS)
            yield SdkDay(project, library, version, day, events, round(events / totals[project, day], 5), new)


def spikes(lake: Lake, asked: Bounds) -> list[Spike]:
    """Sudden hours, the largest first."""
    return [Spike(*row) for row in ask(lake, "hours", asked, HOUR_DAYS)]


def contradictions(lake: Lake, asked: Bounds) -> list[Contradiction]:
    """Attributes with contradictory values, those of the most customers first."""
    return [Contradiction(*row) for row in contradictory_attributes(lake, asked.project)]
