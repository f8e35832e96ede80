"""Programs that kill themselves when ordered to: where they can be told to, and that they do."""

import importlib
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from loadtest.armed.orders import Order, lay_down, note, read_kills, take
from loadtest.armed.points import (
    AFTER,
    AFTER_COMMIT,
    BEFORE,
    BEFORE_COMMIT,
    BESIDE,
    HALF,
    INSIDE,
    POINTS,
    STEPS,
)
from loadtest.arms import Arms
from loadtest.cli.crash import WAY
from loadtest.errors import UnknownStep
from loadtest.strikes import ROWS, WEIGHTS, shares


@pytest.fixture
def arms() -> Iterator[Arms]:
    with Arms(Random(1)) as made:
        yield made


@pytest.mark.parametrize("point", [*POINTS, *BESIDE], ids=lambda point: str(point.id))
def test_the_programs_have_every_point(point: object) -> None:
    module, name = point.module, point.name  # type: ignore[attr-defined]
    owner = importlib.import_module(module)
    for part in name.split("."):
        owner = getattr(owner, part)
    assert callable(owner)


def test_every_step_has_a_share_and_a_row() -> None:
    assert {step for row in ROWS for step in row} == set(STEPS)
    assert set(WEIGHTS) == {*STEPS, "random"}
    assert sum(WEIGHTS.values()) == 100
    assert min(WEIGHTS[step] for step in WAY) >= 5


def test_kills_are_shared_out_to_the_last_one() -> None:
    assert shares(1000)["append"] == 130
    assert sum(shares(37).values()) == 37
    assert sorted(shares(3, ("seal", "random")).values()) == [1, 2]
    with pytest.raises(UnknownStep, match="'sneeze'"):
        shares(3, ("sneeze",))


def test_one_taker_gets_an_order(tmp_path: Path) -> None:
    order = Order("1", "trim", "m.f", BEFORE)
    assert take(str(tmp_path), "m.f") is None
    lay_down(tmp_path, order)
    assert [take(str(tmp_path), "m.f"), take(str(tmp_path), "m.f")] == [order, None]
    note(str(tmp_path), order, 5)
    note(str(tmp_path), order, 6)
    assert [kill.at for kill in read_kills(tmp_path)] == [5, 6]
    assert [kill.at for kill in read_kills(tmp_path, 1)] == [6]


# Writes, syncs and renames a file as the journal does, and says how far it came.
PROGRAM = """
import sys
from pathlib import Path
from collector.files import Files

files = Files()
descriptor = files.create(Path(sys.argv[1]))
files.write(descriptor, b"ab" * 50)
print("written", flush=True)
files.fdatasync(descriptor)
print("synced", flush=True)
files.rename(Path(sys.argv[1]), Path(sys.argv[1] + ".sealed"))
print("renamed", flush=True)
"""


def run(arms: Arms, path: Path) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(path)],
        env={**os.environ, **arms.variables},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    return done.returncode, done.stdout


def test_without_an_order_nothing_happens(arms: Arms, tmp_path: Path) -> None:
    assert run(arms, tmp_path / "f") == (0, "written\nsynced\nrenamed\n")
    assert arms.by_step() == Counter()


@pytest.mark.parametrize(
    ("point", "moment", "said", "size"),
    [
        ("Files.write", BEFORE, "", 0),
        ("Files.write", HALF, "", 50),
        ("Files.write", AFTER, "", 100),
        ("Files.fdatasync", BEFORE, "written\n", 100),
        ("Files.fdatasync", INSIDE, "written\n", 100),
        ("Files.rename", AFTER, "written\nsynced\n", 100),
    ],
)
def test_an_order_is_obeyed_at_its_moment(
    arms: Arms, tmp_path: Path, point: str, moment: str, said: str, size: int
) -> None:
    order = Order("1", "append", f"collector.files.{point}", moment, 0.5)
    lay_down(arms.folder, order)
    assert run(arms, tmp_path / "f") == (-signal.SIGKILL, said)
    assert arms.obeyed(order)
    left = tmp_path / ("f.sealed" if point == "Files.rename" else "f")
    assert left.stat().st_size == size


def test_the_moments_around_a_commit(arms: Arms, tmp_path: Path) -> None:
    for moment, last in ((BEFORE_COMMIT, "inside"), (AFTER_COMMIT, "COMMIT")):
        lay_down(arms.folder, Order(moment, "load", "warehouse.load.load_objects", moment))
        said = run_load(arms)
        assert said.splitlines()[-1] == last
    assert arms.by_step() == Counter(load=2)


LOAD = """
import os
from warehouse.lake import Lake
from loadtest.armed.orders import ARMS
from loadtest.armed.points import COMMITTED, Point
from loadtest.armed.striking import Striker

class Con:
    def execute(self, sql):
        print(sql, flush=True)

def load():
    with Lake(Con()).transaction():
        print("inside", flush=True)

point = Point("load", "warehouse.load", "load_objects", COMMITTED)
striker = Striker(os.environ[ARMS])
Lake.transaction = striker.committing(Lake.transaction)
striker.armed(point, load)()
"""


def run_load(arms: Arms) -> str:
    done = subprocess.run(
        [sys.executable, "-c", LOAD],
        env={**os.environ, **arms.variables},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    return done.stdout


def test_an_order_withdrawn_is_not_obeyed(arms: Arms, tmp_path: Path) -> None:
    arms.withdraw(arms.give("append"))
    assert run(arms, tmp_path / "f")[0] == 0
