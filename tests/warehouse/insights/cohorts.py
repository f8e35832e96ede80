"""Retention in plain Python: one unit after the other, one entry after the other."""

from collections import defaultdict
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tests.sessionizer.world import HOUR, Event
from warehouse.insights.retention import Retention


class Cohorts:
    """Walks each unit's events by hand: local dates are counted on fingers, one entry after the other."""

    def __init__(
        self, events: list[Event], owner: dict[int, str], question: Retention, complete: int
    ) -> None:
        self.question, self.complete = question, complete
        self.zone = ZoneInfo(question.timezone)
        self.since = self._midnight(question.since)
        self.until = self._midnight(question.until or "", later=1)
        self.lives: dict[str, list[Event]] = defaultdict(list)
        for one in sorted(events, key=lambda one: (one.at, one.country or "(none)")):
            self.lives[owner[one.load_seq]].append(one)
        widths = question.brackets or (1,) * question.intervals
        self.columns = [range(1)]
        for width in widths:
            self.columns.append(range(self.columns[-1].stop, self.columns[-1].stop + width))

    def _midnight(self, text: str, later: int = 0) -> int:
        day = datetime.fromisoformat(text) + timedelta(days=later)
        return int(day.replace(tzinfo=self.zone).timestamp()) * 1_000_000

    def label(self, at: int) -> str:
        """The local beginning of the interval."""
        local = datetime.fromtimestamp(at // 1_000_000, self.zone).replace(minute=0, second=0)
        if self.question.every == "hour":
            return local.isoformat()
        local = local.replace(hour=0)
        if self.question.every == "week":
            local -= timedelta(days=local.weekday())
        return (local if self.question.every != "month" else local.replace(day=1)).isoformat()

    def on(self, label: str, steps: int) -> str:
        """The label of the interval so many later."""
        for _ in range(steps):
            at = datetime.fromisoformat(label)
            hours = {"hour": 1, "day": 36, "week": 8 * 24, "month": 33 * 24}[self.question.every]
            label = self.label(int((at + timedelta(hours=hours)).timestamp()) * 1_000_000)
        return label

    def begin(self, label: str) -> int:
        return int(datetime.fromisoformat(label).timestamp()) * 1_000_000

    def is_start(self, one: Event) -> bool:
        wanted = str(self.question.start)
        name, _, country = wanted.partition(" where country = ")
        return name in ("*", one.event) and country in ("", one.country)

    def entries(self, life: list[Event]) -> list[Event]:
        name = str(self.question.start).split(" where ")[0]
        inside = [one for one in life if self.since <= one.at < self.until and self.is_start(one)]
        if self.question.kind == "recurring":
            firsts = {self.label(one.at): one for one in reversed(inside)}
            return inside[:1] if self.question.rolling else list(firsts.values())
        ever = [one for one in life if self.is_start(one)][:1]
        if self.question.kind == "first_ever":
            named = [one for one in life if name in ("*", one.event)]
            ever = [one for one in named if one.at == named[0].at and self.is_start(one)][:1]
        return [one for one in ever if one in inside]

    def edge(self, entry: Event, steps: int) -> int:
        """When the interval so many after the entry begins."""
        if self.question.rolling:
            days = {"hour": 1, "day": 24, "week": 168, "month": 720}[self.question.every]
            return entry.at + steps * days * HOUR
        return self.begin(self.on(self.label(entry.at), steps))

    def returns(self, entry: Event, life: list[Event], column: range) -> list[Event]:
        name = self.question.returns or self.question.start
        low, high = self.edge(entry, column.start), self.edge(entry, column.stop)
        return [
            one for one in life if str(name) in ("*", one.event) and max(low, entry.at + 1) <= one.at < high
        ]

    def matrix(self) -> dict[tuple[str, ...], list[list[Any]]]:
        """(interval, value of the breakdown) -> [n, cells as units, n_mature and mature units]."""
        found: dict[tuple[str, ...], list[list[Any]]] = {}
        for life in self.lives.values():
            for entry in self.entries(life):
                by = () if not self.question.by else (entry.country or "(none)",)
                row = found.setdefault((self.label(entry.at), *by), [[0, 0, 0] for _ in self.columns])
                for cell, told in zip(row, self.cells(entry, life), strict=True):
                    for place in range(3):
                        cell[place] += told[place]
        return found

    def cells(self, entry: Event, life: list[Event]) -> list[tuple[int, int, int]]:
        last = self.edge(entry, self.columns[-1].stop)
        hits = [
            not column.start or len(self.returns(entry, life, column)) >= self.question.minimum
            for column in self.columns
        ]
        if self.question.cumulative:
            hits = [any(hits[number:]) for number in range(len(hits))]
        mature = [
            (last if self.question.cumulative else self.edge(entry, column.stop)) <= self.complete
            for column in self.columns
        ]
        return [(hit, over, hit and over) for hit, over in zip(hits, mature, strict=True)]
