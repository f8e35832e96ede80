"""One look at a watch: what became complete is judged once, what late events changed is judged again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from warehouse.insights.cause import Cause, cause
from warehouse.insights.period import span
from warehouse.lake import Lake
from warehouse.registry import Registry
from warehouse.registry.alerts import Judgement, Kept
from warehouse.registry.watches import PublishedWatch
from warehouse.statements import text
from warehouse.times import iso
from warehouse.watches.definition import LENGTHS, Watch, published
from warehouse.watches.intervals import begin_of, intervals
from warehouse.watches.judging import SEASONS, judged
from warehouse.watches.metrics import counted_events, series

MOST: Final = 400  # intervals judged at one look
_SLICES: Final = 5
_STITCHED: Final = "SELECT load_seq, epoch_us(complete_until) FROM cursors WHERE name = 'stitch'"
_FIRST: Final = "SELECT epoch_us(min(first_seen)) FROM customers WHERE project = ?"


class Looked(msgspec.Struct, frozen=True):
    """What a look came to; `more`: there is more to judge already."""

    kept: Kept
    more: bool = False


def look(
    lake: Lake, registry: Registry, watch: PublishedWatch, following: PublishedWatch | None, now: int
) -> Looked:
    """Judge what is due of one version, until the one `following` it began. `now`: µs UTC.

    Asked again it does nothing again: what was judged stands in the registry under the interval. BadQuestion,
    UnknownName where the metric cannot be asked for.
    """
    one = published(watch.text)
    ((seq, complete),) = lake.query(_STITCHED) or [(0, None)]
    since, until = _due(registry, watch, one, following, complete or 0)
    progress = registry.progress(watch)
    again = _late(lake, registry, watch, one, progress.load_seq if progress else seq, seq)
    begin = min(since, again) if again is not None else since
    if begin >= until:
        if progress is None or progress.load_seq != seq:
            registry.note_progress(watch, seq)
        return Looked(Kept())
    found = _judge(lake, one, watch.project, begin, until, now)
    kept = registry.keep_judgements(watch, found, _causes(lake, registry, watch, one, found, now), seq)
    _, due = _due(registry, watch, one, following, complete or 0)
    return Looked(kept, due > until)


def rehearse(lake: Lake, watch: Watch, project: str, since: int, now: int) -> list[Judgement]:
    """What the watch would have said of every interval since a moment (µs UTC); nothing is kept."""
    ((_, complete),) = lake.query(_STITCHED) or [(0, None)]
    begin = begin_of(since, watch.every, watch.question.timezone)
    return _judge(lake, watch, project, begin, max(begin, (complete or 0) - watch.matures), now)


def _due(
    registry: Registry, watch: PublishedWatch, one: Watch, following: PublishedWatch | None, complete: int
) -> tuple[int, int]:
    """From the first interval that was not judged to the end of the last that can be, at most so many."""
    zone, until = one.question.timezone, complete - one.matures
    if following is not None:
        until = min(until, begin_of(following.published_at, one.every, zone))
    known = registry.judged_until(watch)
    since = begin_of(watch.published_at, one.every, zone) if known is None else known[1]
    ends = [end for _, (_, end) in zip(range(MOST), intervals(since, until, one.every, zone), strict=False)]
    return since, ends[-1] if ends else since


def _late(
    lake: Lake, registry: Registry, watch: PublishedWatch, one: Watch, seen: int, seq: int
) -> int | None:
    """The first interval judged before into which an event came since; None where there is none."""
    known = registry.judged_until(watch)
    if known is None or seen >= seq:
        return None
    first, last = known
    first = max(first, begin_of(last - span("late", one.late), one.every, one.question.timezone))
    values = {"project": watch.project, "seen": seen, "seq": seq, "since": first, "until": last + one.matures}
    ((moment,),) = lake.execute(text("watches/late"), values).fetchall()
    if moment is None:
        return None
    return max(first, begin_of(moment - one.matures, one.every, one.question.timezone))


def _judge(lake: Lake, one: Watch, project: str, since: int, until: int, now: int) -> list[Judgement]:
    if since >= until:
        return []
    zone, length = one.question.timezone, LENGTHS[one.every]
    back = SEASONS[one.every] * length if one.alarm.changed is not None else 0
    if one.alarm.seasonal is not None:
        back = max(back, span("history", one.alarm.seasonal.history))
    ((beginning,),) = lake.query(_FIRST, [project])
    earliest = begin_of((beginning or since) + length - 1, one.every, zone)
    begin = begin_of(min(since, max(since - back, earliest)), one.every, zone)
    return judged(series(lake, one, project, begin, until, now), one, since)


def _causes(
    lake: Lake, registry: Registry, watch: PublishedWatch, one: Watch, found: Sequence[Judgement], now: int
) -> Mapping[int, list[dict[str, Any]]]:
    """The slices that moved each interval that has no alert yet, against the same one a week before."""
    counted = counted_events(one)
    alarms = [each for each in found if each.verdict == "alarm"]
    if counted is None or not one.cause or not alarms:
        return {}
    known = {each.at for each in registry.judgements(watch, alarms[0].at) if each.verdict == "alarm"}
    return {each.at: _slices(lake, watch.project, one, each, now) for each in alarms if each.at not in known}


def _slices(lake: Lake, project: str, one: Watch, of: Judgement, now: int) -> list[dict[str, Any]]:
    (event, per), asked = counted_events(one) or ("*", None), one.question
    question = Cause(
        project=project,
        since=iso(of.at),
        until=iso(of.until),
        timezone=asked.timezone,
        unit=asked.unit,
        where=asked.where,
        bots=asked.bots,
        event=event,
        per=per,
        by=one.cause,
        back=f"{max(SEASONS[one.every] * LENGTHS[one.every], of.until - of.at) // 1_000_000}s",
        least=one.alarm.least,
        top=_SLICES,
    )
    return [msgspec.to_builtins(each) for each in cause(lake, question, now).slices]
