"""Engagement: who uses what, for the first time too, how long they stay, and how often they leave at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar, Final

from msgspec import Meta, Struct

from warehouse.insights.asked import Asked, asking
from warehouse.insights.fields import IN_SESSION
from warehouse.insights.filters import Selector
from warehouse.insights.question import Answer, Question, require
from warehouse.insights.tables import Table, flat
from warehouse.insights.trend import OTHER
from warehouse.insights.walks import item
from warehouse.lake import Lake
from warehouse.statements import statement

_BOUNDS: Final = {"events": (1, 50), "top": (1, 500)}
_GAP: Final = 1_800_000_000


class Engagement(Question, frozen=True, kw_only=True):
    """Who uses what, how long they stay, and how often they leave at once."""

    positional: ClassVar[str] = "events"

    events: Annotated[
        tuple[Selector | str, ...], Meta(description="Pages or features: page:*, 'Report Opened'.")
    ] = ("page:*",)
    items: Annotated[str, Meta(description="What is listed: event, page (its path), a field.")] = "page"
    top: Annotated[int, Meta(description="Items to show, the most frequent; the rest is (other).")] = 20


class Used(Struct, frozen=True):
    """An item, or all of them (null). `use`: units that used it, of all `n` active ones, 0 to 1.

    `first_units`: those of its `units` who had never used it before the range; `first_use`: of all `n`.
    `dwell_s`, `engaged_s`: means of the `measured` uses, those that something follows in their session: until
    the next use of any item, or the session's last event; engaged counts pauses as 30 seconds at most.
    `entries`: sessions whose first item it was; `bounces`: those of them that bounced; `bounce_rate`: null
    without entries.
    """

    item: str | None
    uses: int
    units: int
    use: float
    first_units: int
    first_use: float
    measured: int
    dwell_s: float | None
    engaged_s: float | None
    entries: int
    bounces: int
    bounce_rate: float | None


class EngagementAnswer(Answer, frozen=True, kw_only=True):
    """`n`: active units, whatever they did; mature: whose last session is over. `total`: of all items."""

    question: Engagement
    items: list[Used]
    total: Used | None


def engagement(lake: Lake, question: Engagement, now: int) -> EngagementAnswer:
    """Use, dwell and bounce by item. `now`: µs UTC. BadQuestion, UnknownName."""
    _check(question)
    with asking(lake, question, now) as asked:
        events = [asked.selector(one) for one in question.events]
        sql = _sql(asked, question, events)
        rows = asked.rows(sql)
        (whole,) = [row for row in rows if row[0] is None]
        if not whole[1]:
            asked.known(events)
        return EngagementAnswer(
            question=question,
            items=[_used(row) for row in rows if row[0] is not None],
            total=_used(whole) if whole[1] else None,
            **asked.told(sql, whole[-2], whole[-1]),
        )


def _check(question: Engagement) -> None:
    require(question, **_BOUNDS)


def _sql(asked: Asked, question: Engagement, events: Sequence[Selector]) -> str:
    """Columns: place, uses, units, first units, measured, dwell and engaged (µs), entries, bounces; item, n,
    mature n. Without a place: of all.
    """
    listed = f"({' OR '.join(asked.is_one(one) for one in events)})"
    shown = item(asked, question.items)
    since = asked.values.bind(asked.period.since)
    # What was used before needs no sessions: they are joined only for fields that are named by then.
    history = asked.happened(
        {"item": shown}, [listed, f"epoch_us(e.timestamp) < {since}"], earlier=asked.period.since
    )
    asked.field("session.session_id")
    columns = {
        "message_id": "e.message_id",
        "visit": f"CASE WHEN {IN_SESSION} THEN hash(v.session_id) END",
        "bounced": f"{IN_SESSION} AND v.bounced",
        "item": f"CASE WHEN {listed} THEN {shown} END",
    }
    return statement(
        "insights/engagement",
        history=history,
        happened=asked.happened(columns),
        top=question.top,
        gap=_GAP,
        complete=asked.complete_us,
        other=OTHER,
    )


def _used(row: Sequence[Any]) -> Used:
    _, uses, units, first, measured, dwell, engaged, entries, bounces, shown, n, _ = row
    return Used(
        item=shown,
        uses=uses,
        units=units,
        use=units / n,
        first_units=first,
        first_use=first / n,
        measured=measured,
        dwell_s=dwell / measured / 1_000_000 if measured else None,
        engaged_s=engaged / measured / 1_000_000 if measured else None,
        entries=entries,
        bounces=bounces,
        bounce_rate=bounces / entries if entries else None,
    )


def engagement_table(answer: EngagementAnswer) -> Table:
    """One row an item; all of them first."""
    return flat([*([answer.total] if answer.total else []), *answer.items], Used)
