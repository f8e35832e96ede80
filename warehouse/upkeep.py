"""Upkeep of the lake in small steps: few files, old snapshots gone, the dedup index tidy.

Only the writer does it, between loads. Each chore is bounded by the size of the files it touches, so that it
holds the writer for about a second at most; for two or three where a day that is over gets its last form.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import msgspec

from warehouse.dedup import DedupIndex
from warehouse.lake import Lake

APPENDED = ("events", "duplicates", "objects", "replays", "session_aliases", "customer_redirects")
CHANGED = (
    *("rejected", "sessions", "identities", "identity_edges", "customers"),
    *("traits", "customer_attributes", "tags", "tag_members", "tag_queue", "cohort_members"),
    "daily",
)
# Rows of these that agree in everything but a number become one.
_FOLDED = {
    "daily": "SELECT * EXCLUDE (events), sum(events)::BIGINT AS events FROM daily WHERE {among} GROUP BY ALL"
}
TARGET_BYTES = 8 << 20
# Of the events of a day that is over: each more has to be opened, and its statistics read, by every question.
DAY_BYTES = 32 << 20
_TIERS = (0, 64 << 10, 512 << 10, 4 << 20, TARGET_BYTES)
_MANY = 16
_SMALL_BYTES = 1 << 20
_DELETED_SHARE = 0.3
_SLICE_ROWS = 150_000
_SETTLED_ROWS = 300_000
_SETTLED_COUNTS = 1_200_000  # of `daily`, whose rows are a few numbers
_INLINED_ROWS = 20_000
_LOOK_EVERY = 5_000_000
_EXPIRE_EVERY = 60_000_000


class Chore(msgspec.Struct, frozen=True):
    """One thing that was done, to which table, and to how many files, snapshots or rows."""

    name: str
    table: str
    count: int


class FileShape(msgspec.Struct, frozen=True):
    """What the catalog says of one current data file. `is_quiet`: it was left alone for long."""

    table: str
    path: str
    partition: str | None
    rows: int
    size: int
    deleted: int
    is_quiet: bool = False


class Upkeep:
    """`now` gives µs UTC; `snapshot_keep` is seconds. Ask `step` between loads, when nothing waits."""

    def __init__(self, lake: Lake, data: Path, *, now: Callable[[], int], snapshot_keep: float) -> None:
        self._lake = lake
        self._data = data
        self._now = now
        self._keep = int(snapshot_keep * 1e6)
        self._next_look = 0
        self._next_expiry = 0
        lake.execute(f"CALL lake.set_option('target_file_size', '{TARGET_BYTES >> 20}MiB')")
        sized = f"'target_file_size', '{DAY_BYTES >> 20}MiB', table_name => 'events'"
        lake.execute(f"CALL lake.set_option({sized})")

    def step(self, dedup: DedupIndex, budget_s: float) -> list[Chore]:
        """Do chores until there is nothing to do or a good part of the budget is used."""
        started = self._now()
        done: list[Chore] = []
        for chore in self._chores(dedup, started):
            done.append(chore)
            if self._now() - started > budget_s * 400_000:
                break
        return done

    def _chores(self, dedup: DedupIndex, now: int) -> Iterator[Chore]:
        """Each item was done when it is given. What is left over is seen again at the next look."""
        if now >= self._next_look:
            yield from self._files(now - self._keep)
            self._next_look = now + _LOOK_EVERY
        if now >= self._next_expiry:
            yield from self._expire(now)
            self._next_expiry = now + _EXPIRE_EVERY
        while dedup.tidy():
            yield Chore("tidy", "dedup", 1)

    def _files(self, before: int) -> Iterator[Chore]:
        shapes = file_shapes(self._lake, before)
        for table, low, high in due_merges(shapes):
            if merged := merge(self._lake, table, low, high):
                yield Chore("merge", table, merged)
        for table, paths in [*due_rewrites(shapes)] or due_settling(shapes):
            yield Chore("rewrite", table, rewrite(self._lake, table, self._data, paths))
        if inlined_rows(self._lake, "objects") > _INLINED_ROWS:
            yield Chore("flush", "objects", flush(self._lake, "objects"))

    def _expire(self, now: int) -> Iterator[Chore]:
        """Files leave the disk a whole `snapshot_keep` after the catalog dropped them: running readers still
        use them.
        """
        before = now - self._keep
        if expired := expire(self._lake, before):
            yield Chore("expire", "", expired)
        if pruned := prune(self._lake):
            yield Chore("prune", "", pruned)
        if removed := remove_dropped(self._lake, self._data, before):
            yield Chore("remove", "", removed)


def file_shapes(lake: Lake, before: int = 0) -> list[FileShape]:
    """All current data files; those are quiet that did not change since a moment (µs UTC)."""
    return [FileShape(*row) for row in lake.query(_SHAPES.format(metadata=lake.metadata), [before])]


def due_merges(shapes: Sequence[FileShape]) -> Iterator[tuple[str, int, int]]:
    """(table, from bytes, below bytes) where some partition has many files of like size, or enough for a full
    one; last the events of a day that was left alone for as long as snapshots are kept.
    """
    groups: dict[tuple[str, str | None, int], list[int]] = defaultdict(list)
    for shape in shapes:
        tier = sum(shape.size >= bound for bound in _TIERS) - 1
        if shape.table in APPENDED and tier < len(_TIERS) - 1:
            groups[shape.table, shape.partition, tier].append(shape.size)
    full = [
        (table, _TIERS[tier], _TIERS[tier + 1])
        for (table, _, tier), sizes in groups.items()
        if len(sizes) >= _MANY or (len(sizes) > 1 and sum(sizes) >= TARGET_BYTES)
    ]
    yield from sorted(full)
    days: dict[str | None, list[FileShape]] = defaultdict(list)
    for shape in shapes:
        if shape.table == "events" and shape.size < DAY_BYTES and not shape.deleted:
            days[shape.partition].append(shape)
    if any(len(files) > 1 and all(shape.is_quiet for shape in files) for files in days.values()):
        yield "events", 0, DAY_BYTES


def due_rewrites(shapes: Sequence[FileShape]) -> Iterator[tuple[str, list[str]]]:
    """(table, files of one partition) where a changed table has many small files, or a large, worn one.
    What a rewrite leaves is never due by itself, so upkeep comes to rest.
    """
    groups: dict[tuple[str, str], list[FileShape]] = defaultdict(list)
    for shape in shapes:
        if shape.table in CHANGED:
            groups[shape.table, shape.partition or ""].append(shape)
    for (table, _), files in sorted(groups.items()):
        small = [shape for shape in files if shape.size < _SMALL_BYTES]
        worn = [shape for shape in files if shape not in small and _is_worn(shape)]
        if worn or len(small) >= _MANY:
            yield table, [shape.path for shape in _slice([*worn, *small] if len(small) >= _MANY else worn)]


def due_settling(shapes: Sequence[FileShape]) -> Iterator[tuple[str, list[str]]]:
    """(table, all files of one partition) where a changed table was left alone for as long as snapshots are
    kept, and lies in more files than it fills: who asks for one id opens each. Not where that is much.
    """
    groups: dict[tuple[str, str], list[FileShape]] = defaultdict(list)
    for shape in shapes:
        if shape.table in CHANGED and shape.partition is not None:
            groups[shape.table, shape.partition].append(shape)
    for (table, _), files in sorted(groups.items()):
        is_quiet = all(shape.is_quiet for shape in files)
        needed = 1 + sum(shape.size for shape in files) // TARGET_BYTES
        loose = len(files) > needed or any(shape.deleted for shape in files)
        most = _SETTLED_COUNTS if table in _FOLDED else _SETTLED_ROWS
        if is_quiet and loose and sum(shape.rows for shape in files) <= most:
            yield table, [shape.path for shape in files]


def merge(lake: Lake, table: str, low: int, high: int) -> int:
    """Merge one run of adjacent files of low <= size < high bytes; returns how many files became fewer."""
    sizes = f"min_file_size => {low}, max_file_size => {high}" if low else f"max_file_size => {high}"
    done = lake.query(
        f"CALL ducklake_merge_adjacent_files('lake', '{table}', max_compacted_files => 1, {sizes})"
    )
    return sum(int(files) for _, _, files, _ in done)


def rewrite(lake: Lake, table: str, data: Path, paths: Sequence[str]) -> int:
    """Put the living rows of these files into new ones, in one transaction; returns how many files went."""
    names = [str(data / "main" / table / path) for path in paths]
    with lake.transaction():
        lake.execute("CREATE OR REPLACE TEMP TABLE poor AS SELECT unnest(?::VARCHAR[]) AS filename", [names])
        living = _FOLDED.get(table, f"FROM {table} WHERE {{among}}").format(among="filename IN (FROM poor)")
        lake.execute(f"CREATE OR REPLACE TEMP TABLE living AS {living}")
        lake.execute(f"DELETE FROM {table} WHERE filename IN (FROM poor)")
        lake.execute(f"INSERT INTO {table} FROM living")
        lake.execute("DROP TABLE living")
        lake.execute("DROP TABLE poor")
    return len(names)


def flush(lake: Lake, table: str) -> int:
    """Move rows that the catalog holds into a file."""
    done = lake.query(f"CALL ducklake_flush_inlined_data('lake', table_name => '{table}')")
    return sum(int(rows) for _, _, rows in done)


def inlined_rows(lake: Lake, table: str) -> int:
    """Rows of a table that the catalog itself holds."""
    names = lake.query(_INLINED.format(metadata=lake.metadata), [table])
    return sum(int(lake.query(f"SELECT count(*) FROM {lake.metadata}.{name}")[0][0]) for (name,) in names)


def expire(lake: Lake, before: int) -> int:
    """Forget all snapshots but the newest from before this moment (µs UTC); returns how many.

    By number, because DuckLake 1.0 compares times in a SQLite catalog as text and would take the whole day.
    """
    versions = [int(version) for (version,) in lake.query(_EXPIRED.format(metadata=lake.metadata), [before])]
    if versions:
        lake.execute(f"CALL ducklake_expire_snapshots('lake', versions => {versions})")
    return len(versions)


def prune(lake: Lake) -> int:
    """Forget the bounds of columns in each file by which no file can be left out: of texts, flags and
    fractions, but those by which a table is sorted. Returns how many.

    For each column that a scan has a condition on, DuckLake goes through the bounds of all columns of all
    files of all tables, which at 28,000 took half as long as the whole look; a file of which it knows none it
    opens.
    """
    ((pruned,),) = lake.query(_PRUNED.format(metadata=lake.metadata))
    return int(pruned)


def remove_dropped(lake: Lake, data: Path, before: int) -> int:
    """Remove files that the catalog dropped before this moment (µs UTC) from the disk, a thousand at most."""
    due = lake.query(_DROPPED.format(metadata=lake.metadata), [before])
    for path, relative in due:
        (data / path if relative else Path(path)).unlink(missing_ok=True)
    if due:
        done = (
            "DELETE FROM {}.ducklake_files_scheduled_for_deletion WHERE path IN (SELECT unnest(?::VARCHAR[]))"
        )
        lake.execute(done.format(lake.metadata), [[path for path, _ in due]])
    return len(due)


def _is_worn(shape: FileShape) -> bool:
    return shape.deleted >= _DELETED_SHARE * shape.rows


def _slice(shapes: Sequence[FileShape]) -> Iterator[FileShape]:
    """The smallest first, one at least, up to what fits a slice."""
    rows = 0
    for shape in sorted(shapes, key=lambda shape: shape.rows):
        rows += shape.rows
        if rows > _SLICE_ROWS and rows > shape.rows:
            return
        yield shape


_EXPIRED = """
    SELECT snapshot_id FROM {metadata}.ducklake_snapshot
    WHERE epoch_us(snapshot_time::TIMESTAMPTZ) < ?
        AND snapshot_id < (SELECT max(snapshot_id) FROM {metadata}.ducklake_snapshot)
    ORDER BY snapshot_id LIMIT 1000"""
_PRUNED = """
    DELETE FROM {metadata}.ducklake_file_column_stats
    WHERE (table_id, column_id) IN (
        SELECT table_id, column_id FROM {metadata}.ducklake_column AS columns
        WHERE column_type NOT IN ('int64', 'date', 'timestamptz') AND NOT EXISTS (
            SELECT 1 FROM {metadata}.ducklake_sort_expression AS sorted
            WHERE sorted.table_id = columns.table_id
                AND trim(sorted.expression, '"') = columns.column_name
        )
    )"""
_DROPPED = """
    SELECT path, path_is_relative::BOOLEAN FROM {metadata}.ducklake_files_scheduled_for_deletion
    WHERE epoch_us(schedule_start::TIMESTAMPTZ) < ? ORDER BY schedule_start LIMIT 1000"""
_SHAPES = """
    SELECT table_name, files.path, partition_value, record_count, files.file_size_bytes,
        coalesce(delete_count, 0), coalesce(epoch_us(snapshot_time::TIMESTAMPTZ) < ?, TRUE)
    FROM {metadata}.ducklake_data_file AS files
    JOIN {metadata}.ducklake_table AS tables USING (table_id)
    LEFT JOIN {metadata}.ducklake_file_partition_value AS parts USING (data_file_id)
    LEFT JOIN {metadata}.ducklake_delete_file AS deletions
        ON deletions.data_file_id = files.data_file_id AND deletions.end_snapshot IS NULL
    LEFT JOIN {metadata}.ducklake_snapshot AS changed
        ON changed.snapshot_id = greatest(files.begin_snapshot, deletions.begin_snapshot)
    WHERE files.end_snapshot IS NULL AND tables.end_snapshot IS NULL"""
_INLINED = """
    SELECT inlined.table_name FROM {metadata}.ducklake_inlined_data_tables AS inlined
    JOIN {metadata}.ducklake_table AS tables USING (table_id)
    WHERE tables.table_name = ? AND tables.end_snapshot IS NULL"""
