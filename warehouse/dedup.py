"""Exact dedup by message id over 7 days: an index beside the lake that can be built again from lake.events.

An event is a duplicate when an event of the same project and message id was stored before it (in load order)
and the two were received within 7 days of each other. The wall clock is never asked.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Sequence
from math import log
from pathlib import Path

import msgspec
import numpy as np
import numpy.typing as npt

from warehouse.lake import Lake
from warehouse.runs import Entries, Run, concat, matches, newest, open_run, write_run

WINDOW_US = 7 * 86_400_000_000
SLACK_US = 86_400_000_000
_BEGINNING = -(1 << 62)
_CHUNK = 1_000_000


class Judged(msgspec.Struct, frozen=True):
    """For each row: was it a duplicate, and if so, did a stored copy within 7 days say the same."""

    duplicate: npt.NDArray[np.bool_]
    same_body: npt.NDArray[np.bool_]


class _Manifest(msgspec.Struct):
    covered: int
    horizon: int
    newest: int
    runs: list[str]


class DedupIndex:
    """Holds every event that was received at or after `horizon` (µs UTC) and stored up to load_seq `covered`.

    New entries stay in memory until there are `memory_entries` of them, then become a run, a file; `tidy`
    merges runs.
    """

    def __init__(
        self, folder: Path, *, memory_entries: int = 1 << 16, run_entries: int = 1 << 23, fan: int = 8
    ) -> None:
        self.covered = 0
        self.horizon = _BEGINNING
        self._folder = folder
        self._flushed = 0
        self._memory_entries = memory_entries
        self._run_entries = run_entries
        self._fan = fan
        self._newest = _BEGINNING
        self._runs: list[Run] = []
        self._recent: list[Entries] = []

    @classmethod
    def open(cls, folder: Path, lake: Lake, *, memory_entries: int = 1 << 16, fan: int = 8) -> DedupIndex:
        """Read the index and catch up with the lake; what is missing, damaged or ahead of the lake is built
        from the lake.
        """
        folder.mkdir(parents=True, exist_ok=True)
        index = cls(folder, memory_entries=memory_entries, fan=fan)
        loaded = load_cursor(lake)
        index._read_files(loaded)
        index._catch_up(lake, loaded)
        return index

    def __len__(self) -> int:
        return sum(len(run.entries) for run in self._runs) + sum(map(len, self._recent))

    def judge(self, rows: Entries, older: Entries | None = None) -> Judged:
        """The fate of rows in load order.

        `older`: stored events from before the horizon that have ids of these rows.
        """
        order = np.argsort(rows.h1, kind="stable")
        sought = rows.take(order)
        judged = Judged(np.zeros(len(rows), bool), np.zeros(len(rows), bool))
        extra = [older.sorted()] if older is not None else []
        for run in (*(run.entries for run in self._runs), *self._recent, *extra):
            _mark(judged, order, sought, run)
        _mark_repeats(judged, order, sought)
        return judged

    def add(self, stored: Entries, covered: int) -> None:
        """Take in what a committed load stored; `covered` is the load's last load_seq."""
        if len(stored):
            self._recent.append(stored.sorted())
            self._newest = max(self._newest, newest(stored))
        self.covered = covered
        if sum(map(len, self._recent)) >= self._memory_entries:
            self.flush()

    def needs_older(self, rows: Entries) -> bool:
        """Whether some row is so old that its 7 days reach before the horizon, where only the lake knows."""
        return len(rows) > 0 and int(rows.received.min()) - WINDOW_US < self.horizon

    def flush(self) -> None:
        """Write what is only in memory as a run."""
        if self._recent:
            self._write(concat(self._recent).sorted())
            self._recent.clear()
        self._flushed = self.covered
        self._write_manifest()

    def forget(self, gone: Entries) -> None:
        """Take out what is said of these message ids, on disk too."""
        if not len(gone):
            return
        self._recent = [left for one in self._recent if len(left := _without(one, gone))]
        for run in [run for run in self._runs if len(_without(run.entries, gone)) < len(run.entries)]:
            self._runs.remove(run)
            if len(left := _without(run.entries, gone)):
                self._write(left)
        self._write_manifest()

    def tidy(self) -> bool:
        """Drop expired runs, or merge one group of runs of like size; False when there was nothing to do."""
        if not self._expire() and not self._merge():
            return False
        self._write_manifest()
        return True

    def _expire(self) -> bool:
        horizon = self._newest - WINDOW_US - SLACK_US
        kept = [run for run in self._runs if run.newest >= horizon]
        expired = len(kept) < len(self._runs)
        if expired:
            self._runs, self.horizon = kept, max(self.horizon, horizon)
        return expired

    def _merge(self) -> bool:
        tiers: dict[int, list[Run]] = defaultdict(list)
        for run in self._runs:
            tiers[int(log(max(len(run.entries), 2), self._fan))].append(run)
        group = next((tier[: self._fan] for tier in tiers.values() if self._mergeable(tier)), [])
        if group:
            self._write(concat([run.entries for run in group]).sorted())
            merged = {run.name for run in group}
            self._runs = [run for run in self._runs if run.name not in merged]
        return bool(group)

    def _mergeable(self, tier: Sequence[Run]) -> bool:
        return (
            len(tier) >= self._fan and sum(len(run.entries) for run in tier[: self._fan]) <= self._run_entries
        )

    def _write(self, entries: Entries) -> None:
        number = max((int(run.name.split("-")[0]) for run in self._runs), default=0) + 1
        path = self._folder / f"{number:08d}-{self.covered}.run"
        write_run(path, entries)
        written = open_run(path)
        assert written is not None, path
        self._runs.append(written)

    def _write_manifest(self) -> None:
        names = [run.name for run in self._runs]
        text = msgspec.json.encode(_Manifest(self._flushed, self.horizon, self._newest, names))
        aside = self._folder / "manifest.new"
        aside.write_bytes(text)
        os.replace(aside, self._folder / "manifest.json")
        for file in self._folder.glob("*.run"):
            if file.name not in names:
                file.unlink()

    def _read_files(self, loaded: int) -> None:
        try:
            manifest = msgspec.json.decode((self._folder / "manifest.json").read_bytes(), type=_Manifest)
        except (OSError, msgspec.DecodeError):
            return
        runs = [run for name in manifest.runs if (run := open_run(self._folder / name))]
        if manifest.covered > loaded or len(runs) < len(manifest.runs):
            return
        self._runs, self.horizon, self._newest = runs, manifest.horizon, manifest.newest
        self.covered = self._flushed = manifest.covered

    def _catch_up(self, lake: Lake, loaded: int) -> None:
        if self.covered == 0:
            self._newest = newest_received(lake)
            self.horizon = self._newest - WINDOW_US - SLACK_US
        for start in range(self.covered, loaded, _CHUNK):
            last = min(start + _CHUNK, loaded)
            self.add(read_stored(lake, start, last, self.horizon), last)


def _without(run: Entries, gone: Entries) -> Entries:
    """The sorted entries whose ids are none of these."""
    _, at = matches(run, gone.h1, gone.h2)
    kept = np.full(len(run), True)
    kept[at] = False
    return run.take(kept)


def hashes(source: str) -> str:
    """One SELECT: load_seq and the index's columns for each row of `source`, which has columns as events."""
    return f"""
        SELECT load_seq, md5_number_upper({_ID}) AS h1, md5_number_lower({_ID}) AS h2,
            md5_number_lower({_BODY}) AS body, epoch_us(received_at) AS received
        FROM {source}"""


def entries(columns: dict[str, npt.NDArray[np.generic]]) -> Entries:
    """The index's entries from the columns that `hashes` gave."""
    h1, h2, body = (np.asarray(columns[name], np.uint64) for name in ("h1", "h2", "body"))
    return Entries(h1, h2, body, np.asarray(columns["received"], np.int64))


def read_stored(lake: Lake, after: int, last: int, horizon: int) -> Entries:
    """Entries of the stored events of load_seq after+1 … last that were received at or after the horizon."""
    where = "WHERE load_seq > ? AND load_seq <= ? AND epoch_us(received_at) >= ?"
    return entries(lake.execute(f"{hashes('events')} {where}", [after, last, horizon]).fetchnumpy())


def older_copies(lake: Lake, horizon: int) -> Entries:
    """Stored events from before the horizon that have an id of a row of `landed`: where the index no longer
    knows.
    """
    source = "(FROM events SEMI JOIN landed USING (project, message_id))"
    where = "WHERE epoch_us(received_at) < ?"
    return entries(lake.execute(f"{hashes(source)} {where}", [horizon]).fetchnumpy())


def newest_received(lake: Lake) -> int:
    """The latest received time in events, µs UTC."""
    found = lake.query("SELECT epoch_us(max(received_at)) FROM events")[0][0]
    return _BEGINNING if found is None else int(found)


def load_cursor(lake: Lake) -> int:
    """The last load_seq that is in the lake; 0 for an empty lake."""
    rows = lake.query("SELECT load_seq FROM cursors WHERE name = 'load'")
    return int(rows[0][0]) if rows else 0


def _mark(judged: Judged, order: npt.NDArray[np.intp], sought: Entries, run: Entries) -> None:
    at, entry = matches(run, sought.h1, sought.h2)
    near = np.abs(sought.received[at] - run.received[entry]) <= WINDOW_US
    at, entry = at[near], entry[near]
    judged.duplicate[order[at]] = True
    judged.same_body[order[at[sought.body[at] == run.body[entry]]]] = True


def _mark_repeats(judged: Judged, order: npt.NDArray[np.intp], sought: Entries) -> None:
    """Ids that come more than once among the rows are walked in load order: the first that is stored makes
    the rest duplicates.
    """
    equal = sought.h1[1:] == sought.h1[:-1]
    repeated = np.flatnonzero(np.append(equal, False) | np.insert(equal, 0, False))
    stored: dict[tuple[int, int], list[tuple[int, int]]] = defaultdict(list)
    for at in repeated[np.argsort(order[repeated])]:
        row, received, body = order[at], int(sought.received[at]), int(sought.body[at])
        copies = stored[int(sought.h1[at]), int(sought.h2[at])]
        near = [copy for copy in copies if abs(copy[0] - received) <= WINDOW_US]
        if near:
            judged.duplicate[row] = True
            judged.same_body[row] |= any(copy[1] == body for copy in near)
        elif not judged.duplicate[row]:
            copies.append((received, body))


_ID = "project || chr(31) || message_id"
_SAID = (
    "type",
    "event",
    "user_id",
    "anonymous_id",
    "epoch_us(original_timestamp)::VARCHAR",
    "properties::VARCHAR",
    "traits::VARCHAR",
)
_BODY = " || chr(31) || ".join(f"coalesce({text}, '')" for text in _SAID)
