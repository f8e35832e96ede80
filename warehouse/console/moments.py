"""Times on a page: written in UTC by the server, rewritten by the browser in the viewer's own zone; and other
values as people read them.
"""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from markupsafe import Markup

from warehouse.query import text

FORMS = {"clock": "%H:%M:%S UTC", "minute": "%Y-%m-%d %H:%M UTC", "day": "%Y-%m-%d"}
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def moment(value: str | int) -> datetime:
    """A time given as ISO 8601 or as µs UTC."""
    if isinstance(value, int):
        return EPOCH + timedelta(microseconds=value)
    found = datetime.fromisoformat(value)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def time_tag(value: str | int, form: str) -> Markup:
    """<time>, to be shown as "clock", "minute" or "day"."""
    at = moment(value).astimezone(UTC)
    iso = at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return Markup('<time datetime="{}" data-form="{}">{}</time>').format(iso, form, at.strftime(FORMS[form]))


def lasted(start: str | int, end: str | int) -> tuple[str, int]:
    """How long something took, as (unit, number): ("seconds", 40), ("minutes", 12), ("hours", 3)."""
    return span((moment(end) - moment(start)).total_seconds())


def span(seconds: float) -> tuple[str, int]:
    """A length of time by its greatest unit, as (unit, number)."""
    for unit, size in (("days", 86_400), ("hours", 3_600), ("minutes", 60)):
        if seconds >= size:
            return unit, int(seconds // size)
    return "seconds", int(seconds)


def day(at: str) -> str:
    """A moment as it was written, in its own time zone, without what is the same in all of them."""
    return at[:19].removesuffix("T00:00:00").replace("T", " ")


def cell(value: Any) -> str:
    """A value in a cell of a table."""
    if isinstance(value, bool):
        return "✓" if value else ""
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.4g}" if abs(value) < 10_000 else f"{value:,.0f}"
    return day(value) if isinstance(value, str) and MOMENT.fullmatch(value) else text(value)
