import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from warehouse.access.scope import Scope
from warehouse.catalogs import catalog_of
from warehouse.console.errors import NobodyWaits, TakesTooLong
from warehouse.console.reader import FOOTERS, LAKE_THREADS, Reader
from warehouse.console.turn import Turn
from warehouse.errors import LakeMissing
from warehouse.lake import Lake, connect
from warehouse.registry import Registry
from warehouse.settings import WarehouseSettings

ALL = Scope()


class Counting(Reader):
    """A reader that counts the connections it opens."""

    def __init__(self, data: Path, footers: int = FOOTERS) -> None:
        settings = WarehouseSettings(data=str(data))
        self.opened = 0

        def open_lake() -> Lake:
            self.opened += 1
            return connect(settings, read_only=True)

        def open_registry() -> Registry:
            return Registry.open(data / "registry.sqlite", now=lambda: 0)

        super().__init__(catalog_of(settings), open_lake, open_registry, footers)


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[Counting]:
    found = Counting(tmp_path)
    yield found
    found.close()


def make_lake(data: Path) -> None:
    connect(WarehouseSettings(data=str(data)), read_only=False).close()


def rows(lake: Lake) -> int:
    return int(lake.query("SELECT count(*) FROM events")[0][0])


def test_before_the_first_load_there_is_no_lake(reader: Counting, tmp_path: Path) -> None:
    with pytest.raises(LakeMissing):
        asyncio.run(reader.lake(rows, ALL))
    make_lake(tmp_path)
    assert asyncio.run(reader.lake(rows, ALL)) == 0


def test_all_threads_share_one_opened_lake(reader: Counting, tmp_path: Path) -> None:
    make_lake(tmp_path)
    both = threading.Barrier(2, timeout=10)

    def ask_beside_another(lake: Lake) -> int:
        both.wait()
        return rows(lake)

    async def ask() -> list[int]:
        return await asyncio.gather(*(reader.lake(ask_beside_another, ALL) for _ in range(2)))

    assert asyncio.run(ask()) == [0, 0]
    assert reader.opened == 1


def test_a_rebuilt_catalog_is_opened_anew(reader: Counting, tmp_path: Path) -> None:
    make_lake(tmp_path / "other")
    make_lake(tmp_path)
    before = asyncio.run(reader.lake(lambda lake: (rows(lake), lake), ALL))[1]
    (tmp_path / "lake").rename(tmp_path / "old")
    (tmp_path / "other" / "lake").rename(tmp_path / "lake")
    after = asyncio.run(reader.lake(lambda lake: lake, ALL))
    assert after is not before


SLOW = "SELECT sum(a.range * b.range) FROM range(100000000) AS a, range(1000) AS b"


class Patient(Counting):
    """A reader whose questions may take so many seconds."""

    def __init__(self, data: Path, seconds: float) -> None:
        super().__init__(data)
        self._seconds = seconds


def test_a_question_that_takes_too_long_is_ended_and_holds_nobody_up(tmp_path: Path) -> None:
    make_lake(tmp_path)
    reader = Patient(tmp_path, 0.3)

    async def ask() -> list[int | BaseException]:
        slow = [reader.lake(lambda lake: lake.query(SLOW)[0][0], ALL) for _ in range(LAKE_THREADS)]
        return await asyncio.gather(*slow, reader.lake(rows, ALL), return_exceptions=True)

    *late, quick = asyncio.run(ask())
    assert [str(error) for error in late] == [str(TakesTooLong(0.3))] * LAKE_THREADS
    assert quick == 0
    reader.close()


def test_a_question_of_several_statements_is_ended_between_them(tmp_path: Path) -> None:
    make_lake(tmp_path)
    reader = Patient(tmp_path, 0.3)

    def many(lake: Lake) -> None:
        while True:
            lake.query("SELECT sum(range) FROM range(3000000)")

    with pytest.raises(TakesTooLong):
        asyncio.run(reader.lake(many, ALL))
    reader.close()


def test_a_question_for_which_nobody_waits_is_ended(reader: Counting, tmp_path: Path) -> None:
    make_lake(tmp_path)

    async def gone() -> bool:
        return True

    with pytest.raises(NobodyWaits):
        asyncio.run(reader.lake(lambda lake: lake.query(SLOW), ALL, gone))
    assert asyncio.run(reader.lake(rows, ALL)) == 0


def test_a_page_that_is_cancelled_ends_its_question(reader: Counting, tmp_path: Path) -> None:
    make_lake(tmp_path)

    async def ask() -> int:
        slow = [
            asyncio.ensure_future(reader.lake(lambda lake: lake.query(SLOW), ALL))
            for _ in range(LAKE_THREADS)
        ]
        await asyncio.sleep(0.3)
        for one in slow:
            one.cancel()
        return await reader.lake(rows, ALL)

    assert asyncio.run(ask()) == 0


def test_a_question_that_is_cancelled_before_it_has_its_lake_is_not_asked(tmp_path: Path) -> None:
    make_lake(tmp_path)
    begun, cancelled, turn, ended = threading.Event(), threading.Event(), Turn(60.0), list[str]()

    def work() -> None:
        begun.set()
        assert cancelled.wait(60.0)
        with connect(WarehouseSettings(data=str(tmp_path)), read_only=True) as lake:
            try:
                turn.use(lake)
            except NobodyWaits:
                ended.append("before")

    async def ask() -> None:
        with ThreadPoolExecutor(1) as threads:
            taken = asyncio.ensure_future(turn.take(threads, work, None))
            await asyncio.to_thread(begun.wait, 60.0)
            taken.cancel()
            with suppress(asyncio.CancelledError):
                await taken
            cancelled.set()

    asyncio.run(ask())
    assert ended == ["before"]


@pytest.mark.parametrize(("footers", "opened"), [(FOOTERS, 1), (-1, 2)], ids=["little", "too much"])
def test_a_lake_of_which_too_much_is_kept_is_opened_anew(tmp_path: Path, footers: int, opened: int) -> None:
    make_lake(tmp_path)
    reader = Counting(tmp_path, footers)
    assert [asyncio.run(reader.lake(rows, ALL)) for _ in range(2)] == [0, 0]
    reader.close()
    assert reader.opened == opened


def test_questions_are_asked_beside_the_loop(reader: Counting) -> None:
    asked = asyncio.run(reader.registry(lambda registry: threading.current_thread().name))
    assert asked.startswith("registry-reader")


def test_questions_run_side_by_side(reader: Counting) -> None:
    both = threading.Barrier(2, timeout=10)

    async def ask() -> None:
        await asyncio.gather(*(reader.registry(lambda registry: both.wait()) for _ in range(2)))

    asyncio.run(ask())


def test_a_long_question_to_the_lake_does_not_hold_up_the_registry(reader: Counting, tmp_path: Path) -> None:
    make_lake(tmp_path)
    answered = threading.Event()

    async def ask() -> None:
        slow = [
            asyncio.create_task(reader.lake(lambda lake: answered.wait(10), ALL)) for _ in range(LAKE_THREADS)
        ]
        await reader.registry(lambda registry: registry.keys())
        answered.set()
        assert all(await asyncio.gather(*slow))

    asyncio.run(ask())
