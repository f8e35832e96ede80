"""Dedup against a plain model: an id is a duplicate when a stored copy was received within 7 days of it."""

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from shutil import rmtree

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.warehouse.lakes import DAY, NOON, Site
from warehouse.dedup import WINDOW_US, DedupIndex, entries, hashes, older_copies
from warehouse.lake import Lake
from warehouse.load import move_cursor
from warehouse.runs import Entries, open_run, write_run

Row = tuple[int, int, int]
"""id, days since the beginning in halves, body"""

rows = st.tuples(st.integers(0, 4), st.integers(0, 60), st.integers(0, 1))
loads = st.lists(rows, max_size=7)
# Nothing of these expires, so that no lake is needed.
near_rows = st.tuples(st.integers(0, 4), st.integers(0, 16), st.integers(0, 1))


class Model:
    """What is stored, by id."""

    def __init__(self) -> None:
        self.stored: dict[int, list[tuple[int, int]]] = defaultdict(list)

    def judge(self, row: Row) -> tuple[bool, bool]:
        id, halves, body = row
        near = [copy for copy in self.stored[id] if abs(copy[0] - halves) <= 14]
        if not near:
            self.stored[id].append((halves, body))
        return bool(near), any(copy[1] == body for copy in near)


def entries_of(load: list[Row]) -> Entries:
    ids, halves, bodies = (np.array(column, np.int64) for column in zip(*load, strict=True))
    # Neighbours share h1, so that ids are told apart by h2 as well.
    return Entries(
        (ids // 2).astype(np.uint64),
        ids.astype(np.uint64),
        bodies.astype(np.uint64),
        NOON + halves * DAY // 2,
    )


@settings(max_examples=100, deadline=None)
@given(st.lists(st.lists(near_rows, max_size=7), max_size=8), st.integers(1, 10))
def test_fates_do_not_depend_on_cuts_flushes_and_merges(
    tmp_path_factory: pytest.TempPathFactory, cut: list[list[Row]], memory: int
) -> None:
    model = Model()
    index = DedupIndex(tmp_path_factory.mktemp("dedup"), memory_entries=memory, fan=2)
    for number, load in enumerate(filter(None, cut)):
        judged = index.judge(entries_of(load))
        expected = [model.judge(row) for row in load]
        assert judged.duplicate.tolist() == [duplicate for duplicate, _ in expected]
        assert judged.same_body.tolist() == [same for _, same in expected]
        index.add(entries_of(load).take(~judged.duplicate), number)
        index.tidy()


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    with Site(tmp_path_factory.mktemp("site")).writer() as lake:
        yield lake


steps = st.lists(
    st.one_of(loads.filter(bool), st.sampled_from(["restart", "lose", "damage", "tidy"])), max_size=9
)


@pytest.mark.parametrize("examples", [8, pytest.param(50, marks=pytest.mark.slow)])
def test_restarts_lost_indexes_and_expiry_change_nothing(
    tmp_path_factory: pytest.TempPathFactory, lake: Lake, examples: int
) -> None:
    """Rows older than the index's horizon are sought in the lake, so that even they are judged exactly."""

    @settings(max_examples=examples, deadline=None)
    @given(steps)
    def check(steps: list[list[Row] | str]) -> None:
        go_through(steps, tmp_path_factory.mktemp("dedup"), lake)

    check()


def go_through(steps: list[list[Row] | str], folder: Path, lake: Lake) -> None:
    """Each load is judged as the model judges it, whatever was done to the index before."""
    lake.execute("DELETE FROM events")
    lake.execute("DELETE FROM cursors")
    model = Model()
    index = DedupIndex.open(folder, lake, memory_entries=3, fan=2)
    for step in steps:
        if isinstance(step, str):
            disturb(index, folder, step)
            index = index if step == "tidy" else DedupIndex.open(folder, lake, memory_entries=3, fan=2)
            continue
        assert load(lake, index, step) == [model.judge(row) for row in step]


def test_what_was_not_flushed_is_caught_up(lake: Lake, tmp_path: Path) -> None:
    """The index on disk ends where its last run does, not where the last load did."""
    lake.execute("DELETE FROM events")
    lake.execute("DELETE FROM cursors")
    index = DedupIndex.open(tmp_path, lake, memory_entries=2)
    load(lake, index, [(0, 0, 0), (1, 0, 0)])
    load(lake, index, [(2, 0, 0)])
    again = DedupIndex.open(tmp_path, lake, memory_entries=9)
    assert (len(again), again.covered) == (3, 3)
    assert load(lake, again, [(id, 0, 0) for id in range(4)]) == [(True, True)] * 3 + [(False, False)]


def disturb(index: DedupIndex, folder: Path, step: str) -> None:
    if step == "tidy":
        while index.tidy():
            pass
    elif step == "lose":
        rmtree(folder)
    elif step == "damage":
        for run in folder.glob("*.run"):
            with run.open("r+b") as file:
                file.seek(60)
                file.write(b"\xff\x00\xff")


def load(lake: Lake, index: DedupIndex, load: list[Row]) -> list[tuple[bool, bool]]:
    """What `load_new` does, with as few columns as will do."""
    first = index.covered + 1
    values = ", ".join(
        f"({first + at}, 'p', 'm{id}', 'b{body}', make_timestamptz({NOON + halves * DAY // 2}))"
        for at, (id, halves, body) in enumerate(load)
    )
    lake.execute(
        "CREATE OR REPLACE TEMP TABLE landed AS SELECT *, NULL::TIMESTAMPTZ AS original_timestamp, "
        "'x' AS user_id, NULL::VARCHAR AS anonymous_id, 'e' AS event, NULL::JSON AS properties, "
        f"NULL::JSON AS traits FROM (VALUES {values}) t(load_seq, project, message_id, type, received_at)"
    )
    ids = entries(lake.execute(f"{hashes('landed')} ORDER BY load_seq").fetchnumpy())
    judged = index.judge(ids, older_copies(lake, index.horizon) if index.needs_older(ids) else None)
    stored = [first + at for at, duplicate in enumerate(judged.duplicate) if not duplicate]
    last = first + len(load) - 1
    with lake.transaction():
        lake.execute(
            "INSERT INTO events BY NAME SELECT * FROM landed WHERE list_contains(?, load_seq)", [stored]
        )
        move_cursor(lake, "load", last, None, NOON)
    index.add(ids.take(~judged.duplicate), last)
    return list(zip(judged.duplicate.tolist(), judged.same_body.tolist(), strict=True))


def test_the_window_is_seven_days_to_the_microsecond(tmp_path: Path) -> None:
    index = DedupIndex(tmp_path)
    one = np.ones(1, np.uint64)
    index.add(Entries(one, one, one, np.array([NOON])), 1)
    for received, duplicate in (
        (NOON + WINDOW_US, True),
        (NOON + WINDOW_US + 1, False),
        (NOON - WINDOW_US, True),
    ):
        assert index.judge(Entries(one, one, one, np.array([received]))).duplicate.tolist() == [duplicate]


def test_a_damaged_run_is_not_opened(tmp_path: Path) -> None:
    write_run(tmp_path / "1.run", entries_of([(1, 2, 0), (3, 4, 1)]))
    found = open_run(tmp_path / "1.run")
    assert found is not None
    assert found.newest == NOON + 2 * DAY
    data = (tmp_path / "1.run").read_bytes()
    for broken in (data[:-1], data + b"x", data[:40] + b"?" + data[41:], b""):
        (tmp_path / "2.run").write_bytes(broken)
        assert open_run(tmp_path / "2.run") is None
