"""A small CRM beside a small site: deals of two salespeople, and what their customers do."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from sessionizer.incremental import stitch
from tests.warehouse.lakes import DAY, NOON, SECOND, Row, Site, event


def state(
    id: str, stage: str, days: float, *, user: str | None = None, kind: str = "deals", **fields: Any
) -> Row:
    """What the CRM said of a deal so many days ago."""
    at = NOON - int(days * DAY)
    return event(
        f"{id}-{stage}-{days}",
        event="Deal Updated",
        library_name="sojourn-import",
        anonymous_id=None if user else f"crm-{id}",
        user_id=user,
        timestamp=at,
        context=json.dumps({"import": {"kind": kind, "source": "crm"}}),
        extra=json.dumps({"import": {"id": id}}),
        properties=json.dumps({"stage": stage, **fields}),
    )


def history(id: str, *stays: tuple[str, float], **fields: Any) -> list[Row]:
    return [state(id, stage, days, **fields) for stage, days in stays]


def visits(user: str, *days: float) -> list[Row]:
    """Pages that somebody looked at so many days ago."""
    return [
        event(f"{user}-{day}-{page}", type="page", event="P", user_id=user, anonymous_id=f"d-{user}",
              timestamp=NOON - int(day * DAY) + page * 60 * SECOND)
        for day in days for page in range(2)
    ]  # fmt: skip


def owned(user: str, owner: str) -> Row:
    return event(
        f"who-{user}", type="identify", event=None, user_id=user, anonymous_id=f"d-{user}",
        timestamp=NOON - 90 * DAY, traits=json.dumps({"owner": owner}),
    )  # fmt: skip


LI, WANG = {"owner": "li", "currency": "CNY"}, {"owner": "wang", "currency": "CNY"}
ROWS = [
    *history("A", ("Qualify", 60), ("Offer", 50), ("Won", 40), user="ada", amount=100.0, source="web", **LI),
    *history("B", ("Qualify", 60), ("Lost", 30), user="bo", amount=900.0, source="web", **LI),
    *history("C", ("Qualify", 20), ("Offer", 5), user="mei", amount=50.0, source="fair", **LI),
    *history("D", ("Qualify", 40), user="dan", amount=70.0, source="web", **WANG),
    *history("E", ("Qualify", 30), ("Offer", 25), user="eve", amount=80.0, source="fair", **WANG),
    *history("F", ("Offer", 3), user="fay", source="web", **WANG),
    *history("G", ("Qualify", 2), amount=10.0, owner="wang", currency="EUR"),
    *history("L", ("New", 9), user="leo", kind="leads", **LI),
    *visits("mei", 0.5, 1, 2, 3), *visits("eve", 6), *visits("fay", 9),
    *(owned(user, "li") for user in ("ada", "bo", "mei", "leo")),
    *(owned(user, "wang") for user in ("dan", "eve", "fay")),
]  # fmt: skip


def sales_lake(root: Path) -> Site:
    """Stitched, complete until NOON."""
    site = Site(root)
    site.registry.create_key("shop", "web")
    site.land(ROWS)
    site.load_all()
    with site.writer() as lake:
        while stitch(lake, now=lambda: NOON).behind:
            pass
        lake.execute("UPDATE cursors SET complete_until = make_timestamptz(?)", [NOON])
    return site
