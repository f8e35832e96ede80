"""Alerts and judgements as programs read them: times ISO 8601."""

from __future__ import annotations

from typing import Any

import msgspec

from warehouse.registry.alerts import Alert, Judgement
from warehouse.times import iso


def told(found: Alert | Judgement) -> dict[str, Any]:
    """Every field; µs UTC as ISO 8601."""
    record: dict[str, Any] = msgspec.to_builtins(found)
    for name in ("at", "until", "raised_at"):
        if name in record:
            record[name] = iso(record[name])
    for change in record.get("changes", ()):
        change["at"] = iso(change["at"])
    return record
