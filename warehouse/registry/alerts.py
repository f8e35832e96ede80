"""What watches found: each interval's judgement, and alerts with all that became of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, cast

import msgspec

from warehouse.errors import RegistryError
from warehouse.registry.watches import PublishedWatch, Watches

State = Literal["open", "acknowledged", "closed"]
Verdict = Literal["usual", "alarm", "unknown"]
SEVERITIES = ("warning", "critical")
ALIVE = ("open", "acknowledged")
SCRIPT = """
    CREATE TABLE watched (
        project TEXT NOT NULL, watch TEXT NOT NULL, version INTEGER NOT NULL, at INTEGER NOT NULL,
        until INTEGER NOT NULL, value REAL, n REAL NOT NULL, expected REAL, low REAL, high REAL, score REAL,
        verdict TEXT NOT NULL, test TEXT, direction TEXT, severity TEXT, judged_at INTEGER NOT NULL,
        PRIMARY KEY (project, watch, version, at));
    CREATE TABLE alerts (
        no INTEGER PRIMARY KEY AUTOINCREMENT, project TEXT NOT NULL, watch TEXT NOT NULL,
        version INTEGER NOT NULL, at INTEGER NOT NULL, until INTEGER NOT NULL, value REAL NOT NULL,
        n REAL NOT NULL, expected REAL, low REAL, high REAL, score REAL, test TEXT NOT NULL,
        direction TEXT NOT NULL, severity TEXT NOT NULL, causes TEXT NOT NULL, state TEXT NOT NULL,
        raised_at INTEGER NOT NULL, UNIQUE (project, watch, version, at));
    CREATE INDEX alerts_by_state ON alerts (state, project, watch);
    CREATE TABLE alert_changes (
        alert INTEGER NOT NULL, changed_at INTEGER NOT NULL, state TEXT NOT NULL, changed_by TEXT NOT NULL,
        reason TEXT NOT NULL);
    CREATE INDEX alert_changes_of ON alert_changes (alert)
    """
BY_ITSELF = "sojourn"
_JUDGED = "at, until, value, n, expected, low, high, score, verdict, test, direction, severity"
_ALERT = (
    "no, project, watch, version, at, until, value, n, expected, low, high, score, test, direction, severity,"
    " causes, state, raised_at"
)
_AGREE = 1e-9


class Judgement(msgspec.Struct, frozen=True):
    """One interval of a watch, `at` to `until` (µs UTC). `n`: of how many the value is; `low` to `high` is
    where it may be; `test` is the one that gave the alarm; `unknown`: no test could tell.
    """

    at: int
    until: int
    value: float | None
    n: float
    expected: float | None = None
    low: float | None = None
    high: float | None = None
    score: float | None = None
    verdict: Verdict = "unknown"
    test: str | None = None
    direction: str | None = None
    severity: str | None = None


class Change(msgspec.Struct, frozen=True):
    """What somebody, or `sojourn` itself, made of an alert, and why; `at` is µs UTC."""

    at: int
    state: str
    by: str
    reason: str


class Alert(msgspec.Struct, frozen=True):
    """An alarm of one interval, with the numbers and causes as they were when it was raised; times µs UTC."""

    no: int
    project: str
    watch: str
    version: int
    at: int
    until: int
    value: float
    n: float
    expected: float | None
    low: float | None
    high: float | None
    score: float | None
    test: str
    direction: str
    severity: str
    causes: list[dict[str, Any]]
    state: str
    raised_at: int
    changes: list[Change] = []


class Kept(msgspec.Struct, frozen=True):
    """What came of judging some intervals: how many were new, raised an alert, were corrected, and how many
    alerts recovered.
    """

    judged: int = 0
    raised: int = 0
    corrected: int = 0
    recovered: int = 0


class Alerts(Watches):
    """The part of the registry that keeps what watches found."""

    def keep_judgements(
        self,
        watch: PublishedWatch,
        found: Sequence[Judgement],
        causes: Mapping[int, Sequence[Mapping[str, Any]]],
        load_seq: int,
    ) -> Kept:
        """Enter intervals, in order of time, in one transaction; one that is there already is corrected where
        its value is another. `causes`: of alarms, by the interval's `at`.
        """
        counts = {"judged": 0, "raised": 0, "corrected": 0}
        with self._transaction():
            known = {one.at: one for one in self.judgements(watch, min((one.at for one in found), default=0))}
            for one in found:
                before = known.get(one.at)
                if before is not None and _agree(before, one):
                    continue
                self._enter(watch, one)
                counts["judged" if before is None else "corrected"] += 1
                if before is not None:
                    self._correct(watch, before, one)
                if one.verdict == "alarm":
                    counts["raised"] += self._raise(watch, one, causes.get(one.at, ()))
            recovered = self._recover(watch.project, watch.name)
            self._note_progress(watch, load_seq)
        return Kept(**counts, recovered=recovered)

    def judgements(self, watch: PublishedWatch, since: int = 0) -> list[Judgement]:
        """The intervals since a moment (µs UTC) that were judged by this version, in order of time."""
        sql = f"""
            SELECT {_JUDGED} FROM watched
            WHERE project = ? AND watch = ? AND version = ? AND at >= ? ORDER BY at"""
        return [Judgement(*row) for row in self._all(sql, (*_key(watch), since))]

    def judged_until(self, watch: PublishedWatch) -> tuple[int, int] | None:
        """When the first interval that was judged began, and when the last ended; None before the first."""
        sql = "SELECT min(at), max(until) FROM watched WHERE project = ? AND watch = ? AND version = ?"
        ((first, last),) = self._all(sql, _key(watch))
        return None if first is None else (first, last)

    def alerts(
        self,
        *,
        project: str | None = None,
        watch: str | None = None,
        state: str | None = None,
        since: int = 0,
        limit: int = 100,
    ) -> list[Alert]:
        """Alerts of intervals that began since a moment (µs UTC), the newest first."""
        tail = """
            WHERE project = coalesce(?, project) AND watch = coalesce(?, watch) AND state = coalesce(?, state)
                AND at >= ?
            ORDER BY at DESC, no DESC LIMIT ?"""
        return self._alerts(tail, (project, watch, state, since, limit))

    def alert(self, no: int) -> Alert:
        """One alert with all its changes. RegistryError where there is none."""
        found = self._alerts("WHERE no = ?", (no,))
        if not found:
            raise RegistryError(f"there is no alert {no}; `sojourn watch alerts` shows them")
        return found[0]

    def open_alerts(self) -> dict[tuple[str, str], int]:
        """How many are not closed, by severity and state."""
        alive = f"state IN ({', '.join('?' * len(ALIVE))})"
        rows = self._all(f"SELECT severity, state, count(*) FROM alerts WHERE {alive} GROUP BY 1, 2", ALIVE)
        return {(severity, state): number for severity, state, number in rows}

    def alive_alerts(self, project: str, watch: str) -> int:
        """How many of a watch are not closed."""
        sql = "SELECT count(*) FROM alerts WHERE project = ? AND watch = ? AND state <> 'closed'"
        return int(self._all(sql, (project, watch))[0][0])

    def change_alert(self, no: int, state: State, *, by: str, reason: str) -> Alert:
        """Acknowledge, close or open an alert. RegistryError where it is so already."""
        with self._transaction():
            found = self.alert(no)
            if found.state == state:
                raise RegistryError(f"alert {no} is {state} already; `sojourn watch alert {no}` says by whom")
            self._move(no, state, by, reason)
        return self.alert(no)

    def forget_watch(self, project: str, name: str) -> None:
        """Every version of a watch, what was judged by it, and its alerts."""
        of = (project, name)
        with self._transaction():
            alerts = "SELECT no FROM alerts WHERE project = ? AND watch = ?"
            self._con.execute(f"DELETE FROM alert_changes WHERE alert IN ({alerts})", of)
            for table, column in (
                ("alerts", "watch"),
                ("watched", "watch"),
                ("watch_progress", "watch"),
                ("watches", "name"),
            ):
                self._con.execute(f"DELETE FROM {table} WHERE project = ? AND {column} = ?", of)

    def _enter(self, watch: PublishedWatch, one: Judgement) -> None:
        values = (*_key(watch), *msgspec.structs.astuple(one), self._now())
        self._con.execute(f"INSERT OR REPLACE INTO watched VALUES ({', '.join('?' * len(values))})", values)

    def _raise(self, watch: PublishedWatch, one: Judgement, causes: Sequence[Mapping[str, Any]]) -> int:
        """1 where there was no alert of this interval yet."""
        numbers = (one.at, one.until, one.value, one.n, one.expected, one.low, one.high, one.score)
        told = (one.test, one.direction, one.severity, msgspec.json.encode(causes).decode())
        values = (*_key(watch), *numbers, *told, "open", self._now())
        sql = f"INSERT OR IGNORE INTO alerts ({_ALERT.removeprefix('no, ')}) VALUES ({', '.join('?' * 17)})"
        return self._con.execute(sql, values).rowcount

    def _correct(self, watch: PublishedWatch, before: Judgement, one: Judgement) -> None:
        """An alert keeps its first numbers, and says what they are now."""
        sql = "SELECT no, state FROM alerts WHERE project = ? AND watch = ? AND version = ? AND at = ?"
        reason = f"late events: {before.value} of {before.n:g} became {one.value} of {one.n:g}"
        for no, state in self._all(sql, (*_key(watch), one.at)):
            moved = {"usual": "closed", "alarm": "open" if state == "closed" else state}
            self._move(no, moved.get(one.verdict, state), BY_ITSELF, reason)

    def _recover(self, project: str, name: str) -> int:
        """Close what is open of intervals that a usual one followed."""
        sql = """
            SELECT a.no, min(w.at), w.value FROM alerts AS a
            JOIN watched AS w ON w.project = a.project AND w.watch = a.watch AND w.at > a.at
                AND w.verdict = 'usual'
            WHERE a.project = ? AND a.watch = ? AND a.state <> 'closed' GROUP BY a.no"""
        rows = self._all(sql, (project, name))
        for no, _, value in rows:
            self._move(no, "closed", BY_ITSELF, f"recovered: a later interval was usual, {value}")
        return len(rows)

    def _move(self, no: int, state: str, by: str, reason: str) -> None:
        self._con.execute("UPDATE alerts SET state = ? WHERE no = ?", (state, no))
        values = (no, self._now(), state, by, reason)
        self._con.execute("INSERT INTO alert_changes VALUES (?, ?, ?, ?, ?)", values)

    def _alerts(self, tail: str, values: Sequence[Any]) -> list[Alert]:
        rows = self._all(f"SELECT {_ALERT} FROM alerts {tail}", values)
        return [self._alert(Alert(*row)) for row in rows]

    def _alert(self, stored: Alert) -> Alert:
        causes = msgspec.json.decode(cast(str, stored.causes))
        return msgspec.structs.replace(stored, causes=causes, changes=self._changes(stored.no))

    def _changes(self, no: int) -> list[Change]:
        sql = "SELECT changed_at, state, changed_by, reason FROM alert_changes WHERE alert = ? ORDER BY rowid"
        return [Change(*row) for row in self._all(sql, (no,))]


def _key(watch: PublishedWatch) -> tuple[str, str, int]:
    return watch.project, watch.name, watch.number


def _agree(before: Judgement, now: Judgement) -> bool:
    """Whether nothing that came since has changed what the interval holds."""
    if before.n != now.n or (before.value is None) != (now.value is None):
        return False
    least = _AGREE * max(1.0, abs(before.value or 0.0))
    return abs((before.value or 0.0) - (now.value or 0.0)) <= least
