"""The statement behind attribution and campaigns: conversions with the visits before them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from warehouse.insights.asked import Asked
from warehouse.insights.marketing.journeys import NOT_SET
from warehouse.insights.visited import DIRECT, visited
from warehouse.statements import statement

# A visit without a page has no channel: where no campaign is named for it either, nothing sent it.
_DIRECT: Final = f"""(
        v.channel IS NOT DISTINCT FROM '{DIRECT}'
        OR coalesce(v.channel, v.campaign_source, v.campaign_medium, v.campaign_name, v.referrer) IS NULL
    )"""


def journeys_sql(
    asked: Asked,
    *,
    is_one: str,
    number: str,
    touch: str,
    lookback: int,
    earlier: int = 0,
    later: int = 0,
    restart: bool = False,
    more: Sequence[str] = (),
) -> str:
    """A row for each visit within `lookback` µs before each conversion; `more` names statements to add.

    `is_one`, `number` and `touch` are SQL: which events convert, what one is worth, what a visit is called.
    `earlier` and `later`: so many µs beyond the period conversions are counted and added up as well.
    """
    bind, period = asked.values.bind, asked.period
    since, until = bind(period.since), bind(period.until)
    columns = {"number": f"CASE WHEN isfinite({number}) THEN {number} END", "tie": "e.load_seq"}
    named = f"coalesce({touch}, '{NOT_SET}')"
    shown = {"touch": named, "direct": _DIRECT, "tie": "v.first_message_id"}
    return statement(
        "insights/journeys",
        happened=asked.happened(columns, [is_one], earlier=earlier, later=later),
        visits=visited(asked, shown, earlier=lookback),
        lookback=lookback,
        since=since,
        until=until,
        after="v.moment > c.former" if restart else "TRUE",
        more="".join(statement(one, since=since, lookback=lookback) for one in more),
    )
