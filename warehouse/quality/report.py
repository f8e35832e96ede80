"""The report: questions asked at one snapshot, their figures judged, the findings told."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from statistics import median

from msgspec import Struct

from warehouse.lake import Lake
from warehouse.quality.answer import EventDay, Kind, Quality
from warehouse.quality.days import Past, event_days, past
from warehouse.quality.findings import (
    other_findings,
    property_findings,
    reject_findings,
    share_findings,
    volume_findings,
)
from warehouse.quality.plans import declared
from warehouse.quality.properties import new_properties, property_days, shapes
from warehouse.quality.questions import SAMPLE, SHAPE_DAYS, bounds, complete_until
from warehouse.quality.senders import contradictions, sdk_days, spikes
from warehouse.quality.telling import shortened
from warehouse.quality.usual import LEAST_DAYS
from warehouse.registry import Registry


class Asked(Struct, frozen=True):
    """What the report is about: the last `days` days, of one project and one event, or of all (None)."""

    days: int = 14
    project: str | None = None
    event: str | None = None


def quality(lake: Lake, registry: Registry | None, asked: Asked, now: datetime) -> Quality:
    """The whole report. `now` counts where the load cursor does not say until when everything is in."""
    with lake.transaction():
        until = complete_until(lake) or now
        about = bounds(until, asked.days, asked.project, asked.event)
        known, planned, shape = past(lake, about), declared(registry), shapes(lake, about)
        sdks, sudden = list(sdk_days(lake, about)), spikes(lake, about)
        contradicted = contradictions(lake, about)
    events = sorted(event_days(known, about), key=lambda row: (row.day, -row.volume))
    days = list(property_days(shape, planned, about))
    fresh = list(new_properties(shape, planned, about))
    found = [
        *volume_findings(events),
        *reject_findings(events),
        *share_findings(events, _usual_shares(known)),
        *property_findings(days, fresh),
        *other_findings(sdks, sudden, contradicted),
    ]
    return Quality(
        complete_until=until,
        since=about.since,
        until=about.until,
        sample=SAMPLE,
        left_out=known.left_out,
        findings=shortened(found),
        events=events,
        properties=days,
        new_properties=fresh,
        sdks=sorted(sdks, key=lambda row: (row.day, row.library, row.version or "")),
        spikes=sudden,
        contradictions=contradicted,
    )


def _usual_shares(known: Past) -> Callable[[EventDay, str], float]:
    """The median share of late events or copies in the two weeks before a day; 1 (no share is unusual) where
    there is less than a week of them.
    """

    def usual(row: EventDay, of: str) -> float:
        counts = known.counts[Kind(row.project, row.type, row.event)]
        part = counts.late_hour if of == "late" else counts.copies
        shares = [
            part.get(day, 0) / volume
            for day, volume in counts.volume.items()
            if 0 < (row.day - day).days <= SHAPE_DAYS
        ]
        return median(shares) if len(shares) >= LEAST_DAYS else 1.0

    return usual
