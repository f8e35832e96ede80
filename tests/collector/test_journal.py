"""The journal: durable before it answers, one commit for all who wait, and never a wrong yes."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from collector.errors import JournalBusy, JournalUnavailable
from collector.files import Files, try_lock
from collector.journal import Journal
from tests.collector.faults import FaultyFiles, broken, full
from tests.collector.segments_made import RECEIVED, WORKER, batch, request, track
from warehouse.segments import Record, Tally, read_footer, read_head, scan, segment_id

PATIENCE = 30.0


class Gated(Files):
    """Files whose fdatasync waits for leave, and which count their syncs."""

    def __init__(self) -> None:
        self.asked, self.leave = threading.Event(), threading.Semaphore(0)
        self.syncs = 0

    def fdatasync(self, descriptor: int) -> None:
        self.asked.set()
        assert self.leave.acquire(timeout=PATIENCE)
        super().fdatasync(descriptor)
        self.syncs += 1


class Renames(Files):
    """Files that tell the loop of every rename."""

    def __init__(self) -> None:
        self.loop, self.renamed = asyncio.get_running_loop(), asyncio.Event()

    def fsync_folder(self, folder: Path) -> None:
        super().fsync_folder(folder)
        if list(folder.glob("*.sealed")):
            self.loop.call_soon_threadsafe(self.renamed.set)


@asynccontextmanager
async def journal(folder: Path, files: Files | None = None, **given: Any) -> Any:
    now: Callable[[], int] = given.pop("now", lambda: RECEIVED)
    opened = Journal.open(folder / WORKER, "n", WORKER, now, files or Files(), **given)
    try:
        yield opened
    finally:
        await opened.close()


def append(to: Journal, *message_ids: str) -> Awaitable[None]:
    return to.append(request(), batch([track(one) for one in message_ids]), len(message_ids))


def ids_in(folder: Path) -> list[str]:
    """Message ids in all segments of the worker, oldest first."""
    return [one for path in segments(folder) for one in ids_of(path)]


def ids_of(path: Path) -> Iterator[str]:
    for found in scan(path.read_bytes()):
        assert isinstance(found, Record)
        yield from (part.split('"')[0] for part in found.body.decode().split('"messageId": "')[1:])


def segments(folder: Path) -> list[Path]:
    return sorted(path for path in (folder / WORKER).iterdir() if path.suffix in (".open", ".sealed"))


def test_an_append_returns_after_fdatasync_and_not_before(tmp_path: Path) -> None:
    async def main() -> None:
        files = Gated()
        async with journal(tmp_path, files) as opened:
            task = asyncio.ensure_future(append(opened, "a"))
            await asyncio.to_thread(files.asked.wait, PATIENCE)
            assert ids_in(tmp_path) == ["a"]
            assert not task.done()
            files.leave.release()
            await task
            files.leave.release()

    asyncio.run(main())


def test_all_who_wait_share_the_next_commit(tmp_path: Path) -> None:
    async def main() -> None:
        files = Gated()
        async with journal(tmp_path, files) as opened:
            first = asyncio.ensure_future(append(opened, "first"))
            await asyncio.to_thread(files.asked.wait, PATIENCE)
            rest = [asyncio.ensure_future(append(opened, f"{number}")) for number in range(64)]
            await asyncio.sleep(0)
            files.leave.release(2)
            await asyncio.gather(first, *rest)
            assert (files.syncs, opened.commits, opened.events) == (2, 2, 65)
            files.leave.release()
        assert ids_in(tmp_path) == ["first", *map(str, range(64))]

    asyncio.run(main())


def test_a_commit_rests_after_another_and_takes_what_comes_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("collector.journal.REST_SECONDS", 0.2)

    async def main() -> None:
        async with journal(tmp_path) as opened:
            await append(opened, "first")
            second = asyncio.ensure_future(append(opened, "second"))
            for _ in range(50):
                await asyncio.sleep(0)
            await asyncio.gather(second, append(opened, "third"))
            assert (opened.commits, opened.events) == (2, 3)

    asyncio.run(main())


def test_one_who_fails_when_told_does_not_keep_it_from_the_others(tmp_path: Path) -> None:
    async def main() -> None:
        heard, trouble = asyncio.Event(), list[object]()
        asyncio.get_running_loop().set_exception_handler(
            lambda _, context: trouble.append(context["exception"])
        )

        def fail(_: Exception | None) -> None:
            raise ZeroDivisionError

        async with journal(tmp_path) as opened:
            for then in (fail, lambda problem: heard.set()):
                opened.put(request(), batch([track("a")]), 1, then)
            await asyncio.wait_for(heard.wait(), PATIENCE)
        assert [type(one) for one in trouble] == [ZeroDivisionError]

    asyncio.run(main())


def test_one_who_gives_up_does_not_take_the_others_along(tmp_path: Path) -> None:
    async def main() -> None:
        files = Gated()
        async with journal(tmp_path, files) as opened:
            tasks = [asyncio.ensure_future(append(opened, name)) for name in "abc"]
            await asyncio.to_thread(files.asked.wait, PATIENCE)
            tasks[1].cancel()
            files.leave.release(2)
            results = await asyncio.gather(*tasks, return_exceptions=True)
            assert [type(result) for result in results] == [type(None), asyncio.CancelledError, type(None)]

    asyncio.run(main())


@pytest.mark.parametrize("operation", ["create", "write", "fdatasync", "fsync_folder"])
@pytest.mark.parametrize("problem", [full, broken])
def test_what_could_not_be_made_durable_is_refused_and_the_next_is_taken(
    tmp_path: Path, operation: str, problem: Callable[[str], OSError]
) -> None:
    async def main() -> None:
        files = FaultyFiles()
        async with journal(tmp_path, files) as opened:
            await append(opened, "before")
            await opened._committer.result(opened._writer.seal)
            files.trouble = failing(operation, problem)
            with pytest.raises(JournalUnavailable, match=os.strerror(problem("").errno or 0)):
                await append(opened, "refused")
            assert opened.failure is not None
            files.trouble = lambda operation: None
            await append(opened, "after")
            assert opened.failure is None
        assert ids_in(tmp_path) == ["before", "after"]
        assert {path.suffix for path in segments(tmp_path)} == {".sealed"}

    asyncio.run(main())


def failing(operation: str, problem: Callable[[str], OSError]) -> Callable[[str], None]:
    def trouble(asked: str) -> None:
        if asked in operation.split():
            raise problem(asked)

    return trouble


def test_after_a_failed_sync_the_segment_ends_where_it_was_good(tmp_path: Path) -> None:
    async def main() -> None:
        files = FaultyFiles()
        async with journal(tmp_path, files) as opened:
            await append(opened, "good")
            files.trouble = failing("fdatasync", broken)
            with pytest.raises(JournalUnavailable):
                await append(opened, "lost")
            left = segments(tmp_path)
            files.trouble = lambda operation: None
            await append(opened, "next")
            first, second = segments(tmp_path)
            assert left == [first.with_suffix(".open")]
            assert (first.suffix, list(ids_of(first))) == (".sealed", ["good"])
            assert list(ids_of(second)) == ["next"]

    asyncio.run(main())


def test_a_disk_that_stays_broken_is_told_to_everyone_and_fills_no_folder(tmp_path: Path) -> None:
    async def main() -> None:
        files = FaultyFiles()
        async with journal(tmp_path, files) as opened:
            await append(opened, "good")
            files.trouble = lambda operation: (
                failing(operation, broken)(operation) if operation != "create" else None
            )
            for _ in range(20):
                with pytest.raises(JournalUnavailable):
                    await append(opened, "lost")
            assert len(segments(tmp_path)) <= 9
            files.trouble = lambda operation: None
            await append(opened, "well")
        assert ids_in(tmp_path) == ["good", "well"]

    asyncio.run(main())


def test_an_unexpected_error_is_told_too(tmp_path: Path) -> None:
    async def main() -> None:
        files = FaultyFiles()
        async with journal(tmp_path, files) as opened:

            def trouble(operation: str) -> None:
                raise ValueError("a mistake of ours")

            files.trouble = trouble
            with pytest.raises(JournalUnavailable, match="a mistake of ours"):
                await append(opened, "a")
            files.trouble = lambda operation: None
            await append(opened, "b")

    asyncio.run(main())


def test_an_idle_segment_is_sealed_when_its_time_has_come(tmp_path: Path) -> None:
    async def main() -> None:
        files = Renames()
        async with journal(tmp_path, files, segment_age=0.01) as opened:
            await append(opened, "a")
            await asyncio.wait_for(files.renamed.wait(), PATIENCE)
            [sealed] = segments(tmp_path)
            assert sealed.suffix == ".sealed"
            assert read_footer(sealed.read_bytes()) is not None

    asyncio.run(main())


def test_a_segment_is_sealed_when_it_is_large(tmp_path: Path) -> None:
    async def main() -> None:
        async with journal(tmp_path, segment_bytes=10_000) as opened:
            for number in range(6):
                await append(opened, str(number))
        assert [len(list(ids_of(path))) for path in segments(tmp_path)] == [3, 3]

    asyncio.run(main())


def test_a_segment_says_who_wrote_it_and_what_the_one_before_counted(tmp_path: Path) -> None:
    async def main() -> None:
        async with journal(tmp_path, segment_bytes=1) as opened:
            await append(opened, "a", "b")
            await append(opened, "c")

    asyncio.run(main())
    first, second = (read_head(path.read_bytes()) for path in segments(tmp_path))
    assert first is not None
    assert second is not None
    assert (first.node, first.worker, first.number, first.previous) == ("n", WORKER, 1, None)
    assert (first.opened_at, first.epoch) == (RECEIVED, RECEIVED // 1000)
    assert second.previous == segment_id(WORKER, first.epoch, 1)
    assert second.previous_tally == [Tally(1, RECEIVED // 3_600_000_000, 2)]


def test_closing_commits_what_waits_seals_and_refuses_what_comes_later(tmp_path: Path) -> None:
    async def main() -> None:
        async with journal(tmp_path) as opened:
            waiting = [asyncio.ensure_future(append(opened, name)) for name in "ab"]
            await asyncio.sleep(0)
            await opened.close()
            await asyncio.gather(*waiting)
            with pytest.raises(JournalUnavailable, match="closing"):
                await append(opened, "late")
        assert ids_in(tmp_path) == ["a", "b"]
        assert [path.suffix for path in segments(tmp_path)] == [".sealed"]
        assert try_lock(tmp_path / WORKER / "lock") is not None

    asyncio.run(main())


def test_epochs_rise_though_the_clock_goes_back(tmp_path: Path) -> None:
    async def life(now: int, trimmed: str | None = None) -> None:
        async with journal(tmp_path, now=lambda: now, trimmed=trimmed) as opened:
            await append(opened, "a")

    asyncio.run(life(RECEIVED))
    asyncio.run(life(RECEIVED - 10**9))
    asyncio.run(life(RECEIVED, trimmed=segment_id(WORKER, RECEIVED // 1000 + 50, 9)))
    epochs = [int(path.name[:13]) - RECEIVED // 1000 for path in segments(tmp_path)]
    assert epochs == [0, 1, 51]


def test_what_a_dead_worker_left_open_is_sealed_as_it_is(tmp_path: Path) -> None:
    folder = tmp_path / WORKER
    folder.mkdir()
    (folder / "0000000000005-00000001.open").write_bytes(b"torn")

    async def main() -> None:
        async with journal(tmp_path):
            assert [path.name for path in segments(tmp_path)] == ["0000000000005-00000001.sealed"]

    asyncio.run(main())


def test_a_folder_has_one_worker_at_a_time(tmp_path: Path) -> None:
    async def main() -> None:
        async with journal(tmp_path):
            with pytest.raises(JournalBusy, match="collector worker n-w0"):
                Journal.open(tmp_path / WORKER, "n", WORKER, lambda: 1, Files(), patience=0)

    asyncio.run(main())


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / WORKER).write_bytes(b"")

    async def main() -> None:
        with pytest.raises(JournalUnavailable, match=WORKER):
            Journal.open(tmp_path / WORKER, "n", WORKER, lambda: 1, Files())

    asyncio.run(main())


def test_a_probe_says_whether_a_commit_would_succeed(tmp_path: Path) -> None:
    async def main() -> None:
        files = FaultyFiles()
        async with journal(tmp_path, files) as opened:
            await opened.probe()
            files.trouble = failing("fdatasync", full)
            with pytest.raises(JournalUnavailable, match="No space left"):
                await opened.probe()
            files.trouble = lambda operation: None
            await opened.probe()
        assert segments(tmp_path) == []

    asyncio.run(main())


VICTIM = """
import asyncio, itertools, sys
from pathlib import Path
from collector.files import Files
from collector.journal import Journal
from tests.collector.test_journal import RECEIVED, WORKER, append

async def client(journal, name):
    for number in itertools.count():
        await append(journal, f"{name}-{number}")
        sys.stdout.write(f"{name}-{number}\\n")
        sys.stdout.flush()

async def main():
    folder = Path(sys.argv[1]) / WORKER
    journal = Journal.open(folder, "n", WORKER, lambda: RECEIVED, Files(), segment_bytes=50_000)
    await asyncio.gather(*(client(journal, name) for name in range(8)))

asyncio.run(main())
"""


@pytest.mark.parametrize("lines", [1, 40, 333])
def test_a_killed_process_loses_nothing_that_it_acknowledged(tmp_path: Path, lines: int) -> None:
    root = Path(__file__).parents[2]
    victim = subprocess.Popen([sys.executable, "-c", VICTIM, str(tmp_path)], cwd=root, stdout=subprocess.PIPE)
    assert victim.stdout is not None
    with victim, suppress(ProcessLookupError):
        acked = [victim.stdout.readline() for _ in range(lines)]
        victim.kill()
        acked += victim.stdout.readlines()
    names = [line.decode().strip() for line in acked if line.endswith(b"\n")]
    assert len(names) >= lines
    found = ids_in(tmp_path)
    assert set(names) <= set(found)
    assert len(found) == len(set(found))
