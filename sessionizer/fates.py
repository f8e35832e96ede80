"""What became of every event that was received: each has one fate, and the numbers close.

Fates are counted by reading the events with the rules in force. Beside that stands what the sessions say that
they hold: two ways to the same number.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import msgspec

from sessionizer.incremental import cursors
from sessionizer.statements import statement
from sessionizer.visits.columns import apart
from sessionizer.visits.rules import SessionRules
from warehouse.balance import balance
from warehouse.lake import Lake
from warehouse.landing import Store
from warehouse.registry import Registry
from warehouse.segments import HOUR_US

MEANINGS: Final = {
    "in_sessions": "part of a session",
    "bot": "of a bot, kept apart from sessions",
    "server": "sent by a server without a device: no visit",
    "uncounted": "of a kind that makes no session by the rules",
    "nobody": "names neither a device nor a user",
    "waiting": "loaded, and not yet cut into sessions",
    "duplicate": "came before",
    "rejected": "refused, and kept with the reason",
    "filtered": "kept out by consent, suppression or quota",
    "damaged": "its bytes were damaged on disk",
    "pending": "not loaded yet",
}
_TRIES: Final = 5


class Fates(msgspec.Struct, frozen=True):
    """Events by fate, see MEANINGS; together they are `received`, or `difference` is not 0.

    `held` is what the sessions say that they hold, of all time; `unexplained`, how far that is from the
    events that should be in sessions, must be 0.
    """

    received: int
    in_sessions: int
    bot: int
    server: int
    uncounted: int
    nobody: int
    waiting: int
    duplicate: int
    rejected: int
    filtered: int
    damaged: int
    pending: int
    difference: int
    held: int
    unexplained: int

    @property
    def close(self) -> bool:
        """Whether every event is accounted for."""
        return not (self.difference or self.unexplained)


def fates(
    lake: Lake,
    store: Store,
    registry: Registry,
    journal: Path,
    rules: SessionRules,
    since: int | None = None,
) -> Fates:
    """Count everything, or what was received from an hour on (`since`: hours since 1970).

    It is tried again while the writer commits in between: the counts are of one snapshot. Raises duckdb.Error
    when a file is damaged.
    """
    left = _TRIES
    while True:
        left, before = left - 1, lake.snapshot()
        total = balance(lake, store, registry, journal, since).total
        found = in_lake(lake, rules, since) | {"pending": total.pending}
        if not left or lake.snapshot() == before:
            break
    accounted = sum(found[name] for name in MEANINGS)
    return Fates(received=total.received, difference=total.received - accounted, **found)


def in_lake(lake: Lake, rules: SessionRules, since: int | None = None) -> dict[str, int]:
    """Loaded events by fate, with `held` and `unexplained` over all time; `since` as above."""
    first = "true" if since is None else f"e.received_at >= make_timestamptz({since * HOUR_US})"
    with lake.transaction():
        until = cursors(lake)["stitch"].load_seq
        parts: dict[str, int | str] = {"until": until, "apart": apart(rules)}
        counts = _counts(lake, since=first, **parts)
        whole = counts if since is None else _counts(lake, since="true", **parts)
        ((held,),) = lake.query("SELECT coalesce(sum(events), 0)::BIGINT FROM lake.main.sessions")
    return counts | {"held": held, "unexplained": whole["in_sessions"] - held}


def _counts(lake: Lake, **parts: int | str) -> dict[str, int]:
    found = {name: 0 for name in MEANINGS if name != "pending"}
    for fate, events in lake.query(statement("fates", **parts)):
        found[fate] += events
    return found
