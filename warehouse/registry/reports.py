"""Reports that were made, each with its manifest, and which are to be made week by week or month by month."""

from __future__ import annotations

from typing import Final

import msgspec

from warehouse.errors import RegistryError
from warehouse.registry.audit import Audit

SCRIPT = """
    CREATE TABLE reports (
        id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, label TEXT NOT NULL, language TEXT NOT NULL,
        manifest TEXT NOT NULL, page_hash TEXT NOT NULL, paper_hash TEXT, made_at INTEGER NOT NULL,
        made_by TEXT NOT NULL, schedule INTEGER, UNIQUE (schedule, label));
    CREATE TABLE report_schedules (
        id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, every TEXT NOT NULL, timezone TEXT NOT NULL,
        language TEXT NOT NULL, project TEXT, board TEXT NOT NULL, made_by TEXT NOT NULL,
        made_at INTEGER NOT NULL)
    """
FAILURES: Final = """
    CREATE TABLE report_failures (schedule INTEGER PRIMARY KEY, label TEXT NOT NULL, at INTEGER NOT NULL,
        reason TEXT NOT NULL)
    """
MOST: Final = 200
_REPORT: Final = "id, name, label, language, manifest, page_hash, paper_hash, made_at, made_by, schedule"
_LISTED: Final = "id, name, label, language, '', page_hash, paper_hash, made_at, made_by, schedule"
_SCHEDULE: Final = "id, name, every, timezone, language, project, board, made_by, made_at"


class KeptReport(msgspec.Struct, frozen=True):
    """A report: `manifest` is JSON, empty in lists; `page_hash` and `paper_hash`: SHA-256 of its HTML and its
    PDF as they were made first (null: no PDF could be made); `made_at` is µs UTC.
    """

    id: int
    name: str
    label: str
    language: str
    manifest: str
    page_hash: str
    paper_hash: str | None
    made_at: int
    made_by: str
    schedule: int | None


class Schedule(msgspec.Struct, frozen=True):
    """A report of every week or month, by the clock of a place; `board` is its JSON, `made_at` µs UTC."""

    id: int
    name: str
    every: str
    timezone: str
    language: str
    project: str | None
    board: str
    made_by: str
    made_at: int


class Failure(msgspec.Struct, frozen=True):
    """Why the report of a schedule could not be made last time; `at` is µs UTC."""

    schedule: int
    label: str
    at: int
    reason: str


class Reports(Audit):
    """The part of the registry that keeps them."""

    def keep_report(self, one: KeptReport) -> KeptReport:
        """`id` and `made_at` are given here. RegistryError where its schedule has one of that span."""
        values = (one.name, one.label, one.language, one.manifest, one.page_hash, one.paper_hash)
        with self._transaction():
            if one.schedule is not None and one.label in self.scheduled(one.schedule):
                raise RegistryError(f"{one.name} of {one.label} was made already")
            sql = f"INSERT INTO reports ({_REPORT.removeprefix('id, ')}) VALUES ({', '.join('?' * 9)})"
            made = self._con.execute(sql, (*values, self._now(), one.made_by, one.schedule)).lastrowid
            self._con.execute("DELETE FROM report_failures WHERE schedule = ?", (one.schedule,))
            self._note(one.made_by, "report.make", f"{made} {one.name} of {one.label}")
        return self.report(int(made or 0))

    def reports(self, limit: int = MOST) -> list[KeptReport]:
        """The newest first, without their manifests."""
        sql = f"SELECT {_LISTED} FROM reports ORDER BY id DESC LIMIT ?"
        return [KeptReport(*row) for row in self._all(sql, (limit,))]

    def report(self, id: int) -> KeptReport:
        """RegistryError where there is none."""
        rows = self._all(f"SELECT {_REPORT} FROM reports WHERE id = ?", (id,))
        if not rows:
            raise RegistryError(f"there is no report {id}; `sojourn report list` shows them")
        return KeptReport(*rows[0])

    def drop_report(self, id: int, by: str) -> None:
        known = self.report(id)
        with self._transaction():
            self._con.execute("DELETE FROM reports WHERE id = ?", (id,))
            self._note(by, "report.drop", f"{id} {known.name} of {known.label}")

    def scheduled(self, schedule: int) -> set[str]:
        """Labels of the spans that were made of a schedule."""
        return {label for (label,) in self._all("SELECT label FROM reports WHERE schedule = ?", (schedule,))}

    def report_failed(self, schedule: int, label: str, reason: str) -> None:
        """Kept until its next report is made; not where that was made meanwhile, or the schedule dropped."""
        with self._transaction():
            if label in self.scheduled(schedule):
                return
            known = "SELECT id, ?, ?, ? FROM report_schedules WHERE id = ?"
            values = (label, self._now(), reason, schedule)
            self._con.execute(f"INSERT OR REPLACE INTO report_failures {known}", values)

    def report_failures(self) -> dict[int, Failure]:
        """By schedule."""
        rows = self._all("SELECT schedule, label, at, reason FROM report_failures")
        return {row[0]: Failure(*row) for row in rows}

    def newest_of(self, schedule: int) -> KeptReport | None:
        """The last report that was made of a schedule, without its manifest."""
        sql = f"SELECT {_LISTED} FROM reports WHERE schedule = ? ORDER BY id DESC LIMIT 1"
        return next((KeptReport(*row) for row in self._all(sql, (schedule,))), None)

    def add_schedule(self, one: Schedule) -> Schedule:
        """`id` and `made_at` are given here."""
        values = (one.name, one.every, one.timezone, one.language, one.project, one.board, one.made_by)
        with self._transaction():
            sql = (
                f"INSERT INTO report_schedules ({_SCHEDULE.removeprefix('id, ')})"
                f" VALUES ({', '.join('?' * 8)})"
            )
            made = self._con.execute(sql, (*values, self._now())).lastrowid
            self._note(one.made_by, "report.schedule", f"{made} {one.name} by {one.every}")
        return next(known for known in self.schedules() if known.id == made)

    def schedules(self) -> list[Schedule]:
        rows = self._all(f"SELECT {_SCHEDULE} FROM report_schedules ORDER BY id")
        return [Schedule(*row) for row in rows]

    def drop_schedule(self, id: int, by: str) -> None:
        """RegistryError where there is none."""
        if all(one.id != id for one in self.schedules()):
            raise RegistryError(f"there is no schedule {id}; `sojourn report list` shows them")
        with self._transaction():
            self._con.execute("DELETE FROM report_schedules WHERE id = ?", (id,))
            self._con.execute("DELETE FROM report_failures WHERE schedule = ?", (id,))
            self._note(by, "report.unschedule", str(id))
