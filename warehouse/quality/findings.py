"""From figures to findings: what is wrong, and what to look at next."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from operator import attrgetter

from warehouse.quality.answer import (
    Contradiction,
    EventDay,
    Finding,
    Kind,
    NewProperty,
    PropertyDay,
    SdkDay,
    Spike,
)
from warehouse.quality.properties import SURE
from warehouse.quality.telling import by_device, by_kind, by_version, finding, kind_of, rejected_command
from warehouse.quality.usual import differs

REJECTED, LATE, DUPLICATED, LACKING, CONTRADICTED = 0.01, 0.1, 0.05, 0.1, 0.02
_LEAST = 10


def volume_findings(events: list[EventDay]) -> Iterator[Finding]:
    for kind, days in by_kind([day for day in events if day.status != "ok"], "status"):
        status = days[0].status
        if status == "new":
            yield _new(kind, days)
            continue
        worst = max(days, key=lambda day: abs(day.volume - (day.expected or 0)) / (day.spread or 1))
        expected = worst.expected or 0
        severity = "warning" if status == "high" else "error" if worst.volume < expected / 2 else "warning"
        told = "none" if status == "missing" else f"{worst.volume:,}"
        what = f"{kind.label}: {told} on {worst.day}{_so_far(worst)}, about {expected:,.0f} expected"
        yield finding(severity, status, kind, what, days, by_version(kind, worst.day), _loss(worst))


def _new(kind: Kind, days: list[EventDay]) -> Finding:
    what = f"{kind.label}: new since {days[0].day}, {sum(day.volume for day in days):,} events"
    return finding("info", "new", kind, what, days, "add it to the tracking plan if it is wanted")


def reject_findings(events: list[EventDay]) -> Iterator[Finding]:
    refused = [day for day in events if day.reject_rate >= REJECTED and day.rejected >= _LEAST]
    for kind, days in by_kind(refused):
        worst = max(days, key=lambda day: day.rejected)
        top = worst.top_reason
        why = f", most for {top.reason} at {top.pointer or '/'}" if top else ""
        what = f"{kind.label}: {worst.rejected:,} refused on {worst.day} ({worst.reject_rate:.1%}){why}"
        severity = "error" if worst.reject_rate >= 5 * REJECTED else "warning"
        yield finding(severity, "rejects", kind, what, days, rejected_command(kind), float(worst.rejected))


def share_findings(events: list[EventDay], usual: Callable[[EventDay, str], float]) -> Iterator[Finding]:
    """Late events and duplicates, where there are far more of them than there used to be."""
    for kind, days in by_kind(events):
        late = [day for day in days if _above(day, day.late_hour, usual(day, "late"), LATE)]
        if late:
            worst = max(late, key=attrgetter("late_hour"))
            what = (
                f"{kind.label}: {worst.late_hour:.0%} of {worst.day} came more than an hour late, "
                f"{worst.late_day:.0%} more than a day; {usual(worst, 'late'):.0%} is usual"
            )
            yield finding("warning", "late", kind, what, late, by_version(kind, worst.day))
        again = [day for day in days if _above(day, day.duplicate_share, usual(day, "copies"), DUPLICATED)]
        if again:
            worst = max(again, key=attrgetter("duplicate_share"))
            what = f"{kind.label}: {worst.duplicate_share:.0%} of {worst.day} came more than once"
            look = "what sends again although it was answered 200"
            yield finding("warning", "duplicates", kind, what, again, look)


def _above(day: EventDay, share: float, usual: float, least: float) -> bool:
    """A share that is `least` more than usual, three times as much, and not by chance."""
    events = day.volume + day.duplicates
    part = round(share * events)
    enough = part >= 2 * _LEAST and share >= usual + least and share >= 3 * usual
    return enough and differs(part, events, usual) >= SURE


def property_findings(days: list[PropertyDay], fresh: list[NewProperty]) -> Iterator[Finding]:
    for kind, drifts in by_kind([day for day in days if day.drifting], "name"):
        worst = max(drifts, key=_moved)
        what = (
            f"{kind.label}: {worst.name} is {_types(worst.types)} on {worst.day}, "
            f"was {_types(worst.usual_types)}"
        )
        yield finding("warning", "drift", kind, what, drifts, by_version(kind, worst.day), _moved(worst))
    for kind, lacking in by_kind([day for day in days if _lacks(day)], "name"):
        worst = max(lacking, key=attrgetter("null_share"))
        was = "" if worst.usual_null_share is None else f", was {worst.usual_null_share:.0%}"
        what = f"{kind.label}: {worst.name} is missing in {worst.null_share:.0%} on {worst.day}{was}"
        severity = "error" if worst.required else "warning"
        yield finding(severity, "nulls", kind, what, lacking, by_version(kind, worst.day), worst.null_share)
    for row in fresh:
        what = f"{kind_of(row).label}: new property {row.name} ({row.example_type}) in {row.share:.0%}"
        severity, look = "info", "add it to the tracking plan if it is wanted"
        if row.in_plan is False:
            severity, what = "warning", f"{what}, not in the plan"
        yield Finding(severity, "new_property", row.project, what, (row.first_seen.date(),), look, row.share)


def _lacks(day: PropertyDay) -> bool:
    missing = round(day.null_share * day.sampled)
    if missing < _LEAST:
        return False
    if day.required and day.null_share >= REJECTED:
        return True
    usual = day.usual_null_share
    return (
        usual is not None
        and day.null_share - usual >= LACKING
        and differs(missing, day.sampled, usual) >= SURE
    )


def other_findings(
    sdks: list[SdkDay], spikes: list[Spike], contradictions: list[Contradiction]
) -> Iterator[Finding]:
    for spike in spikes:
        kind = kind_of(spike)
        what = (
            f"{kind.label}: {spike.volume:,} in the hour from {spike.hour:%Y-%m-%d %H:%M}, "
            f"{spike.usual:,.0f} is usual"
        )
        day = spike.hour.date()
        yield Finding("warning", "spike", kind.project, what, (day,), by_device(kind, day), spike.volume)
    for sdk in sdks:
        if sdk.new:
            what = f"{sdk.library} {sdk.version or ''}: a new version, {sdk.share:.1%} of {sdk.day}"
            look = "whether what it sends is as before"
            yield Finding("info", "new_sdk", sdk.project, what, (sdk.day,), look, sdk.share)
    for one in contradictions:
        if one.contradictory >= CONTRADICTED * one.customers:
            share = one.contradictory / one.customers
            what = (
                f"attribute {one.attribute}: contradictory for {one.contradictory:,} customers ({share:.0%})"
            )
            look = "which source should win"
            yield Finding("warning", "contradictory", one.project, what, (), look, share)


def _loss(day: EventDay) -> float:
    return abs(day.volume - (day.expected or 0))


def _so_far(day: EventDay) -> str:
    return "" if day.whole else " so far"


def _moved(day: PropertyDay) -> float:
    return max((share - day.usual_types.get(name, 0.0) for name, share in day.types.items()), default=0.0)


def _types(shares: dict[str, float]) -> str:
    return ", ".join(f"{share:.0%} {name}" for name, share in sorted(shares.items(), key=lambda one: -one[1]))
