"""Channel groups: the first row of a table that fits a visit."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import NamedTuple

from warehouse.enrich.tables import read_table


class Arrival(NamedTuple):
    """How a visit began. `site_class` is the class of the site that sent it."""

    source: str | None = None
    medium: str | None = None
    campaign: str | None = None
    site_class: str | None = None
    click: bool = False
    paid_click: bool = False
    referred: bool = False


class _Row(NamedTuple):
    channel: str
    texts: tuple[tuple[int, re.Pattern[str]], ...]  # place in an Arrival, what the text has to match
    classes: frozenset[str] | None
    flags: tuple[tuple[str, bool], ...]


@cache
def _rows() -> tuple[_Row, ...]:
    return tuple(_row(row) for row in read_table("channels")["channels"])


@cache
def _paid_medium() -> re.Pattern[str]:
    return re.compile(read_table("channels")["paid_medium"], re.IGNORECASE)


def _row(row: dict[str, object]) -> _Row:
    texts = tuple(
        (place, re.compile(str(row[name]), re.IGNORECASE))
        for place, name in enumerate(("source", "medium", "campaign"))
        if name in row
    )
    flags = tuple((name, bool(row[name])) for name in ("paid", "campaigned", "referred") if name in row)
    classes = row.get("class")
    return _Row(str(row["channel"]), texts, frozenset(classes) if isinstance(classes, list) else None, flags)


@lru_cache(maxsize=8192)
def channel_of(arrival: Arrival) -> str:
    """The channel group of a visit that begins like this."""
    medium = (arrival.medium or "").strip()
    facts = {
        "paid": arrival.paid_click or _paid_medium().fullmatch(medium) is not None,
        "campaigned": any((arrival.source, arrival.medium, arrival.campaign, arrival.click)),
        "referred": arrival.referred,
    }
    return next(row.channel for row in _rows() if _fits(row, arrival, facts))


def _fits(row: _Row, arrival: Arrival, facts: dict[str, bool]) -> bool:
    if any(facts[name] is not wanted for name, wanted in row.flags):
        return False
    if row.classes is not None and arrival.site_class not in row.classes:
        return False
    return all(wanted.fullmatch((arrival[place] or "").strip()) for place, wanted in row.texts)  # type: ignore[union-attr]
