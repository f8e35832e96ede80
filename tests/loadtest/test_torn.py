"""A disk that forgets what was not synced: what it keeps, what it tears, and Sojourn on it."""

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from random import Random

import msgspec
import pytest

from loadtest.errors import NoCompiler, UnknownStep
from loadtest.processes import wait_until
from loadtest.torn import LIES, Torn, summed, told, torn
from loadtest.torn_disk import PAGE, SECTOR, Disk, built
from loadtest.torn_disk import torn as torn_bytes
from loadtest.torn_world import Outcome

pytestmark = pytest.mark.cc

SEEDS = range(24)


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built(tmp_path_factory.mktemp("library"))


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path


def after_cut(place: Path, library: Path, script: str, seed: int, deny: str = "") -> Path:
    """The folder that a power cut leaves of what a script did in it."""
    root = place / f"{seed}" / "root"
    disk = Disk(root, place / f"{seed}" / "shadow", library, deny)
    subprocess.run(
        [sys.executable, "-c", SYNC + script], cwd=root, env={**os.environ, **disk.variables}, check=True
    )
    disk.cut(Random(seed))
    return root


SYNC = """
import os, sqlite3
def sync(path):
    descriptor = os.open(path, os.O_RDONLY)
    os.fsync(descriptor)
    os.close(descriptor)
def write(path, data):
    with open(path, "ab") as file:
        file.write(data)
"""


def texts(place: Path, library: Path, script: str, name: str, deny: str = "") -> set[bytes | None]:
    """What a file may hold after a cut; None: it is not there."""
    found: set[bytes | None] = set()
    for seed in SEEDS:
        path = after_cut(place, library, script, seed, deny) / name
        found.add(path.read_bytes() if path.exists() else None)
    return found


def test_what_was_synced_with_its_folder_is_always_there(place: Path, library: Path) -> None:
    assert texts(place, library, "write('f', b'a' * 9); sync('f'); sync('.')", "f") == {b"a" * 9}


def test_what_was_synced_without_its_folder_may_have_no_name(place: Path, library: Path) -> None:
    assert texts(place, library, "write('f', b'a' * 9); sync('f')", "f") == {b"a" * 9, None}


def test_what_was_not_synced_may_be_there_in_part_or_not_at_all(place: Path, library: Path) -> None:
    found = texts(place, library, "write('f', b'a' * 9); sync('.')", "f")
    assert {b"", b"a" * 9} < found
    assert None not in found


def test_a_synced_beginning_stays_whatever_is_appended(place: Path, library: Path) -> None:
    script = "write('f', b'a' * 5000); sync('f'); sync('.'); write('f', b'b' * 9000)"
    found = texts(place, library, script, "f")
    assert all(text is not None and text[:5000] == b"a" * 5000 for text in found)
    assert len(found) > 3


def test_a_rename_held_or_did_not_and_never_loses_both(place: Path, library: Path) -> None:
    script = """
write('f', b'old'); sync('f'); sync('.')
write('g', b'new'); sync('g'); os.replace('g', 'f')
"""
    assert texts(place, library, script, "f") == {b"old", b"new"}


def test_an_unlink_may_be_undone(place: Path, library: Path) -> None:
    script = "write('f', b'a'); sync('f'); sync('.'); os.unlink('f')"
    assert texts(place, library, script, "f") == {b"a", None}


def test_a_lie_about_a_sync_is_found_out(place: Path, library: Path) -> None:
    script = "os.mkdir('j'); sync('.'); write('j/f', b'a' * 9); sync('j/f'); sync('j')"
    assert texts(place, library, script, "j/f") == {b"a" * 9}
    assert None in texts(place / "lie", library, script, "j/f", deny="/j")


TRANSACTIONS = """
con = sqlite3.connect('db', isolation_level=None)
con.execute('PRAGMA journal_mode = WAL')
con.execute('PRAGMA synchronous = {0}')
con.execute('CREATE TABLE t (n)')
for n in range(50):
    con.execute('INSERT INTO t VALUES (?)', [n])
os._exit(0)
"""
COUNT = "import sqlite3, sys; print(sqlite3.connect('db').execute('SELECT count(*) FROM t').fetchone()[0])"


def counts(place: Path, library: Path, synchronous: str) -> list[str]:
    """How many of 50 commits SQLite still has after each cut."""
    found = []
    for seed in SEEDS:
        root = after_cut(place, library, TRANSACTIONS.format(synchronous), seed)
        done = subprocess.run(
            [sys.executable, "-c", COUNT], cwd=root, capture_output=True, text=True, check=False
        )
        found.append(done.stdout.strip())
    return found


def test_sqlite_keeps_every_commit_when_it_syncs_and_not_when_it_does_not(place: Path, library: Path) -> None:
    assert set(counts(place / "full", library, "FULL")) == {"50"}
    assert set(counts(place / "normal", library, "NORMAL")) != {"50"}


def test_a_torn_file_is_made_of_what_was_and_what_is() -> None:
    old, new = b"o" * (3 * PAGE), b"n" * (5 * PAGE + 7)
    for seed in range(50):
        found = torn_bytes(old, new, Random(seed))
        assert len(old) <= len(found) <= len(new)
        for at in range(0, len(found), SECTOR):
            sector = found[at : at + SECTOR]
            assert set(sector) <= ({*b"on"} if at < len(old) else {*b"n", 0})


def test_without_a_compiler_one_line_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(NoCompiler, match="apt-get install gcc"):
        built(tmp_path)


def test_an_unknown_lie_is_refused() -> None:
    with pytest.raises(UnknownStep, match="'moon'; it may be about journal, landing"):
        torn(1, 1, "moon", 1, None, lambda: 0, lambda _: None)


@pytest.mark.parametrize(
    ("outcome", "held"),
    [
        (Outcome(1, 9), True),
        (Outcome(1, 9, missing=1), False),
        (Outcome(1, 9, doubled=1), False),
        (Outcome(1, 9, difference=-1), False),
        (Outcome(1, 9, keys_lost=1), False),
        (Outcome(1, 9, fell=1), False),
        (Outcome(1, 9, trouble="it burns"), False),
    ],
)
def test_runs_hold_when_nothing_is_lost_and_nothing_falls(outcome: Outcome, held: bool) -> None:
    assert outcome.held is held
    assert summed([Outcome(2, 9), outcome], 1.0).held is held


def test_differences_do_not_cancel_out() -> None:
    assert summed([Outcome(1, 9, difference=-2), Outcome(2, 9, difference=2)], 1.0).difference == 4
    assert told(ExceptionGroup("several", [ValueError("one\ntwo")])) == "two"


def run(*options: str) -> tuple[int, Torn]:
    done = subprocess.run(
        [sys.executable, "-m", "loadtest", "torn", "--json", *options],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout, done.stderr[-3000:]
    return done.returncode, msgspec.json.decode(done.stdout, type=Torn)


@pytest.mark.timeout(300)
def test_a_world_lives_through_its_power_cuts() -> None:
    code, result = run("--runs", "1", "--beside", "1")
    assert (code, result.held, result.runs, result.cuts) == (0, True, 1, 3)


@pytest.mark.timeout(300)
def test_a_run_that_is_told_to_stop_leaves_no_program_behind() -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "loadtest", "torn", "--runs", "1", "--json"],
        env={**os.environ, "TORN_TEST": "a run that is told to stop"},
        stderr=subprocess.PIPE,
    ) as running:
        wait_until("its programs to run", lambda: bool(started(running.pid)), 60.0)
        running.terminate()
        assert running.wait(60) == 128 + signal.SIGTERM
    wait_until("nothing to be left", lambda: not started(running.pid), 10.0)


def started(pid: int) -> list[int]:
    """Other processes that came from that run."""
    found = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        with suppress(OSError):
            if b"TORN_TEST=a run that is told to stop" in path.read_bytes() and int(path.parent.name) != pid:
                found.append(int(path.parent.name))
    return found


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("lie", [lie for lie in LIES if lie])
def test_a_disk_that_lies_is_found_out(lie: str) -> None:
    code, result = run("--runs", "6", "--lie", lie)
    assert (code, result.held) == (1, False)
