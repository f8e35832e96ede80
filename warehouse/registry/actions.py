"""Actions: rules as they were published, and every entry with what became of it.

An entry is one customer's one entering of what a rule waits for. It is kept under a key that follows from the
lake's rows alone, so that finding it again, after a kill or a rebuild, changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, Literal

import msgspec

from warehouse.errors import RegistryError
from warehouse.registry.database import Database

SCRIPT = """
    CREATE TABLE action_rules (
        project TEXT NOT NULL, name TEXT NOT NULL, number INTEGER NOT NULL, text TEXT NOT NULL,
        published_at INTEGER NOT NULL, published_by TEXT NOT NULL, PRIMARY KEY (project, name, number));
    CREATE TABLE action_destinations (
        project TEXT NOT NULL, name TEXT NOT NULL, text TEXT NOT NULL, published_at INTEGER NOT NULL,
        published_by TEXT NOT NULL, PRIMARY KEY (project, name));
    CREATE TABLE action_pauses (
        project TEXT NOT NULL, name TEXT NOT NULL, paused_at INTEGER NOT NULL, paused_by TEXT NOT NULL,
        PRIMARY KEY (project, name));
    CREATE TABLE action_secrets (name TEXT PRIMARY KEY, token TEXT NOT NULL, set_at INTEGER NOT NULL);
    CREATE TABLE action_entries (
        no INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, project TEXT NOT NULL,
        rule TEXT NOT NULL, version INTEGER NOT NULL, customer TEXT NOT NULL, entry INTEGER NOT NULL,
        found_at INTEGER NOT NULL, destination TEXT NOT NULL, state TEXT NOT NULL, why TEXT NOT NULL,
        data TEXT NOT NULL, due_at INTEGER NOT NULL, attempts INTEGER NOT NULL DEFAULT 0,
        first_tried INTEGER, settled_at INTEGER, told INTEGER NOT NULL DEFAULT 0);
    CREATE INDEX action_entries_waiting ON action_entries (destination, customer, no) WHERE state = 'waiting';
    CREATE INDEX action_entries_of ON action_entries (project, rule, entry);
    CREATE INDEX action_entries_by_customer ON action_entries (project, customer, entry);
    CREATE INDEX action_entries_untold ON action_entries (no) WHERE told = 0
    """
LOOKED_AT = "ALTER TABLE action_entries ADD COLUMN good_until INTEGER"
State = Literal[
    "waiting", "sent", "dead", "withheld", "capped", "no_consent", "suppressed", "unreachable", "loop",
    "paused",
]  # fmt: skip
COUNTED: Final = ("waiting", "sent", "dead", "withheld")  # what a frequency cap counts
OURS: Final = (
    "sojourn-actions-python"  # library of events that actions leave; sessions take it for a server's
)
ON_TIMELINE: Final = ("sent", "dead", "withheld")
_RULE = "project, name, number, text, published_at, published_by"
_ENTRY = (
    "no, id, project, rule, version, customer, entry, found_at, destination, state, why, data, due_at,"
    " attempts, first_tried, settled_at, good_until"
)
_NEW = (
    "id, project, rule, version, customer, entry, found_at, destination, state, why, data, due_at, good_until"
)


class PublishedAction(msgspec.Struct, frozen=True):
    """A version of a rule: `text` is JSON, `number` counts from 1; it is for what is entered from
    `published_at` (µs UTC) on, until the next.
    """

    project: str
    name: str
    number: int
    text: str
    published_at: int
    published_by: str


class Entry(msgspec.Struct, frozen=True):
    """One entry: `id` is its key, `entry` the moment (µs UTC) of it or the number of an alert, `why` what its
    state is for, `data` (JSON) what its message is made of, emptied once it was sent. `good_until`: when the
    customer's consent has to be looked at again; None where none is needed. Times are µs UTC.
    """

    no: int
    id: str
    project: str
    rule: str
    version: int
    customer: str
    entry: int
    found_at: int
    destination: str
    state: str
    why: str
    data: str
    due_at: int
    attempts: int = 0
    first_tried: int | None = None
    settled_at: int | None = None
    good_until: int | None = None


class Actions(Database):
    """The part of the registry that keeps actions."""

    def publish_action(self, project: str, name: str, text: str, by: str) -> PublishedAction:
        """From now on this is the rule of that name; the newest again changes nothing."""
        with self._changing_rules():
            newest = next(iter(self.actions(project, name)[-1:]), None)
            if newest is not None and newest.text == text:
                return newest
            values = (project, name, newest.number + 1 if newest else 1, text, self._now(), by)
            self._con.execute("INSERT INTO action_rules VALUES (?, ?, ?, ?, ?, ?)", values)
        return PublishedAction(*values)

    def actions(self, project: str | None = None, name: str | None = None) -> list[PublishedAction]:
        """Every version, by project and name, the oldest of each first."""
        sql = f"""
            SELECT {_RULE} FROM action_rules
            WHERE project = coalesce(?, project) AND name = coalesce(?, name)
            ORDER BY project, name, number"""
        return [PublishedAction(*row) for row in self._all(sql, (project, name))]

    def action(self, project: str, name: str) -> PublishedAction:
        """The newest version of a name. RegistryError where there is none."""
        found = self.actions(project, name)
        if not found:
            known = sorted({one.name for one in self.actions(project)})
            there = f"there is {', '.join(known)}" if known else "`sojourn action publish` brings one"
            raise RegistryError(f"{project} has no action {name!r}; {there}")
        return found[-1]

    def pause_action(self, project: str, name: str, by: str) -> None:
        """What is entered from now on is noted and not sent, and what waits goes on waiting."""
        values = (project, self.action(project, name).name, self._now(), by)
        with self._transaction():
            self._con.execute("INSERT OR IGNORE INTO action_pauses VALUES (?, ?, ?, ?)", values)

    def resume_action(self, project: str, name: str) -> None:
        """The rule acts again; what was entered meanwhile is not made up for."""
        values = (project, self.action(project, name).name)
        with self._transaction():
            self._con.execute("DELETE FROM action_pauses WHERE project = ? AND name = ?", values)

    def paused_actions(self) -> set[tuple[str, str]]:
        """(project, rule) of each that is paused."""
        return {(project, name) for project, name in self._all("SELECT project, name FROM action_pauses")}

    # entries

    def enter(self, entries: Iterable[Mapping[str, Any]]) -> int:
        """Keep new entries in one transaction; those whose id is known already change nothing. How many were
        new.
        """
        sql = f"""
            INSERT OR IGNORE INTO action_entries ({_NEW}, told, settled_at)
            VALUES (:{_NEW.replace(", ", ", :")}, :told, :settled_at)"""
        new = 0
        with self._transaction():
            for one in entries:
                kept = one["state"] in ON_TIMELINE and one["customer"]
                settled = None if one["state"] == "waiting" else one["found_at"]
                told = 0 if kept or one["state"] == "waiting" else 1
                new += self._con.execute(
                    sql, {"good_until": None, **one, "told": told, "settled_at": settled}
                ).rowcount
        return new

    def entered(self, project: str, rule: str, since: int) -> list[tuple[str, int]]:
        """(customer, entry) of a rule's entries since a moment, of every version."""
        sql = "SELECT customer, entry FROM action_entries WHERE project = ? AND rule = ? AND entry >= ?"
        return self._all(sql, (project, rule, since))

    def counted_entries(
        self, project: str, customers: Sequence[str], since: int
    ) -> list[tuple[str, str, int]]:
        """(customer, rule, entry) of what frequency caps count, since a moment."""
        states = ", ".join(f"'{state}'" for state in COUNTED)
        sql = f"""
            SELECT customer, rule, entry FROM action_entries
            WHERE project = ? AND customer IN (SELECT value FROM json_each(?)) AND entry >= ?
                AND state IN ({states})"""
        return self._all(sql, (project, msgspec.json.encode(customers).decode(), since))

    def ready_entries(self, now: int, limit: int, without: Iterable[tuple[str, str]] = ()) -> list[Entry]:
        """What may be sent at a moment: of each customer and destination the oldest that is due, or that was
        tried already, unless consent has to be looked at first. `without`: (project, destination) not to be
        tried now.
        """
        barred = [f"{project}\0{name}" for project, name in without]
        sql = f"""
            SELECT {_ENTRY} FROM action_entries AS e
            WHERE state = 'waiting' AND due_at <= :now AND (good_until IS NULL OR good_until > :now)
                AND project || char(0) || destination NOT IN (SELECT value FROM json_each(:barred))
                AND NOT EXISTS (
                    SELECT 1 FROM action_pauses AS p WHERE p.project = e.project AND p.name = e.rule)
                AND NOT EXISTS (
                    SELECT 1 FROM action_entries AS o
                    WHERE o.state = 'waiting' AND o.destination = e.destination AND o.customer = e.customer
                        AND o.project = e.project AND o.no < e.no AND (o.attempts > 0 OR o.due_at <= :now)
                        AND e.customer <> ''
                        AND NOT EXISTS (
                            SELECT 1 FROM action_pauses AS p WHERE p.project = o.project AND p.name = o.rule))
            ORDER BY no LIMIT :limit"""
        values = {"now": now, "limit": limit, "barred": msgspec.json.encode(barred).decode()}
        with self._lock:
            return [Entry(*row) for row in self._con.execute(sql, values).fetchall()]

    def settle_entry(self, id: str, state: State, why: str) -> None:
        """What became of an entry that waited."""
        now = self._now()
        told = "told = CASE WHEN customer = '' THEN 1 ELSE 0 END"
        sql = f"""
            UPDATE action_entries
            SET state = ?, why = ?, attempts = attempts + 1, first_tried = coalesce(first_tried, ?),
                settled_at = ?, {told}
            WHERE id = ? AND state = 'waiting'"""
        with self._transaction():
            self._con.execute(sql, (state, why[:500], now, now, id))

    def drop_waiting(self, ids: Sequence[str], state: State, why: str) -> int:
        """Entries that are not to be sent any more, though nothing was tried now."""
        sql = """
            UPDATE action_entries SET state = ?, why = ?, settled_at = ?, told = 1, data = '{}'
            WHERE id = ? AND state = 'waiting'"""
        with self._transaction():
            return sum(self._con.execute(sql, (state, why, self._now(), id)).rowcount for id in ids)

    def vouch(self, ids: Sequence[str], until: int) -> None:
        """Consent was looked at: those that need it may be sent until then (µs UTC)."""
        sql = "UPDATE action_entries SET good_until = ? WHERE id = ? AND good_until IS NOT NULL"
        with self._transaction():
            self._con.executemany(sql, [(until, id) for id in ids])

    def is_kept_out(self, project: str, digests: Sequence[str], stones: Sequence[str]) -> bool:
        """Whether somebody with an id of these digests is suppressed, or of these tombstones erased."""
        sql = """
            SELECT EXISTS (
                SELECT 1 FROM suppressions
                WHERE project = ? AND digest IN (SELECT value FROM json_each(?)))
                OR EXISTS (SELECT 1 FROM tombstones WHERE digest IN (SELECT value FROM json_each(?)))"""
        given = (msgspec.json.encode(some).decode() for some in (digests, stones))
        return bool(self._all(sql, (project, *given))[0][0])

    def retry_entry(self, id: str, why: str, due_at: int) -> None:
        """Tried in vain: again at `due_at` (µs UTC)."""
        sql = """
            UPDATE action_entries
            SET why = ?, attempts = attempts + 1, first_tried = coalesce(first_tried, ?), due_at = ?
            WHERE id = ? AND state = 'waiting'"""
        with self._transaction():
            self._con.execute(sql, (why[:500], self._now(), due_at, id))

    def replay_entries(
        self, project: str, *, rule: str | None = None, id: str | None = None, by: str = ""
    ) -> int:
        """Dead letters wait again, under the same keys; how many."""
        sql = """
            UPDATE action_entries
            SET state = 'waiting', why = ?, attempts = 0, first_tried = NULL, settled_at = NULL, due_at = ?
            WHERE state = 'dead' AND project = ? AND rule = coalesce(?, rule) AND id = coalesce(?, id)"""
        with self._transaction():
            values = (f"replayed by {by}", self._now(), project, rule, id)
            return self._con.execute(sql, values).rowcount

    def entries(
        self,
        *,
        project: str | None = None,
        rule: str | None = None,
        state: str | None = None,
        customer: str | None = None,
        limit: int = 100,
    ) -> list[Entry]:
        """Entries, the newest first."""
        sql = f"""
            SELECT {_ENTRY} FROM action_entries
            WHERE project = coalesce(?, project) AND rule = coalesce(?, rule) AND state = coalesce(?, state)
                AND customer = coalesce(?, customer)
            ORDER BY no DESC LIMIT ?"""
        return [Entry(*row) for row in self._all(sql, (project, rule, state, customer, limit))]

    def entry_counts(self) -> dict[tuple[str, str], dict[str, int]]:
        """How many entries of each (project, rule), by state."""
        found: dict[tuple[str, str], dict[str, int]] = {}
        sql = "SELECT project, rule, state, count(*) FROM action_entries GROUP BY 1, 2, 3"
        for project, rule, state, count in self._all(sql):
            found.setdefault((project, rule), {})[state] = count
        return found

    def last_sent(self) -> dict[tuple[str, str], int]:
        """When (µs UTC) something of each (project, rule) was last sent."""
        sql = "SELECT project, rule, max(settled_at) FROM action_entries WHERE state = 'sent' GROUP BY 1, 2"
        return {(project, rule): at for project, rule, at in self._all(sql)}

    def waiting_entries(self) -> list[Entry]:
        """All that wait, the oldest first."""
        return [
            Entry(*row)
            for row in self._all(f"SELECT {_ENTRY} FROM action_entries WHERE state = 'waiting' ORDER BY no")
        ]

    def leaving_entries(self, until: int, limit: int) -> list[Entry]:
        """Those of customers that wait to be sent before a moment: first those whose consent was not looked
        at for longest, then the next to leave.
        """
        sql = f"""
            SELECT {_ENTRY} FROM action_entries
            WHERE state = 'waiting' AND customer <> '' AND due_at <= ?
            ORDER BY good_until IS NULL, good_until, due_at, no LIMIT ?"""
        return [Entry(*row) for row in self._all(sql, (until, limit))]

    def untold_entries(self, limit: int) -> list[Entry]:
        """Settled entries that are not on their customers' timelines yet."""
        states = ", ".join(f"'{state}'" for state in ON_TIMELINE)
        sql = f"""
            SELECT {_ENTRY} FROM action_entries
            WHERE told = 0 AND state IN ({states}) ORDER BY no LIMIT ?"""
        return [Entry(*row) for row in self._all(sql, (limit,))]

    def note_told(self, ids: Sequence[str]) -> None:
        """These are on the timelines; their data is kept only where they may be sent again."""
        sql = """
            UPDATE action_entries SET told = 1, data = CASE state WHEN 'dead' THEN data ELSE '{}' END
            WHERE id = ?"""
        with self._transaction():
            self._con.executemany(sql, [(id,) for id in ids])
