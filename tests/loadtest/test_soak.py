"""What counts as flat, what a look sees, and the smallest whole form of the soak."""

import math
import os
import subprocess
import sys
from pathlib import Path
from random import Random
from typing import cast

import msgspec
import pytest

from loadtest.house import House
from loadtest.processes import Process
from loadtest.soak import flat
from loadtest.soak.run import Soaked, SoakFigures, charts, figures
from loadtest.soak.samples import FULL_BYTES, Log, Sample, sample
from warehouse.settings import Folders

WARM = 600.0


def line(*values: float) -> list[tuple[float, float]]:
    """One value every ten seconds."""
    return [(10.0 * at, value) for at, value in enumerate(values)]


def tooth(top: int, of: int = 180, period: int = 18) -> list[float]:
    return [float(at % period) / period * top for at in range(of)]


def test_halves_are_of_what_came_after_the_warm_up() -> None:
    points = line(*range(180))
    assert flat.halves(points, WARM, min) == (60, 120)
    assert flat.halves(points, WARM, max) == (119, 179)
    assert flat.halves([], WARM, max) == (math.inf, math.inf)


@pytest.mark.parametrize(
    ("values", "held"),
    [
        ([100.0] * 180, True),
        (tooth(80), True),
        ([100.0 + Random(at).random() for at in range(180)], True),
        ([100.0] * 179 + [900.0], True),
        ([100.0 + at / 5 for at in range(180)], False),
        ([100.0] * 120 + [111.0] * 60, False),
        ([1000.0] * 120 + [1040.0] * 60, True),
        ([1000.0] * 60, False),
    ],
)
def test_memory_may_swing_but_not_climb(values: list[float], held: bool) -> None:
    assert flat.memory(line(*values), WARM).flat is held


def test_files_are_judged_by_the_top_of_the_tooth() -> None:
    assert flat.files(line(*tooth(100)), WARM, 0).flat
    assert not flat.files(line(*(at * 2 for at in range(180))), WARM, 0).flat
    assert flat.files(line(*[2] * 150, *[6] * 30), WARM, 4).flat
    assert not flat.files(line(*[2] * 150, *[7] * 30), WARM, 4).flat


def test_durations_are_judged_at_p95() -> None:
    assert flat.p95(range(1, 101)) == 95
    assert flat.duration(line(*[1.0] * 120, *[1.25] * 60), WARM).flat
    assert not flat.duration(line(*[1.0] * 120, *[1.26] * 60), WARM).flat
    assert flat.duration(line(*[1.0] * 178, 60.0, 60.0), WARM).flat
    assert not flat.duration([], WARM).flat


class Running:
    """Stands for a house whose programs are this process."""

    def all(self) -> list[Process]:
        return [
            Process(os.getpid(), "python -m collector.worker"),
            Process(1 << 30, "python -m collector.sink"),
        ]


def test_a_look_sees_memory_descriptors_and_files(tmp_path: Path) -> None:
    folders = Folders(tmp_path)
    for folder, sizes in (
        (folders.journal / "n-w0", (10, 20)),
        (folders.lake_data / "main", (5, FULL_BYTES)),
    ):
        folder.mkdir(parents=True)
        for number, size in enumerate(sizes):
            (folder / f"{number}").write_bytes(b"x" * size)
    folders.registry.write_bytes(b"x" * 2048)
    Path(f"{folders.registry}-wal").write_bytes(b"x" * (1 << 20))
    found = sample(cast(House, Running()), folders, 3.0)
    assert found.files == {
        "journal": 2,
        "landing": 0,
        "lake, small": 1,
        "lake, full": 1,
        "dedup": 0,
        "run": 0,
    }
    assert found.mib["registry"] == pytest.approx(1.002)
    assert 1 < found.own["worker"] <= found.resident["worker"] < 10_000
    assert found.cpu["worker"] > 0
    assert found.descriptors["worker"] >= 3
    assert found.own["sink"] == 0


def test_the_log_is_read_as_it_grows(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(
        b'{"event":"loaded","seconds":0.5}\nno json\n{"event":"stitched","seconds":9}\n{"event":"lo'
    )
    log = Log(path)
    assert log.took("loaded") == [0.5]
    with path.open("ab") as file:
        file.write(b'aded","seconds":0.75}\n')
    assert log.took("loaded") == [0.75]
    assert log.took("loaded") == []


def soaked(growth: float) -> Soaked:
    programs = ("worker", "sink")
    samples = [
        Sample(
            10.0 * at,
            dict.fromkeys(programs, 100 + growth * at),
            dict.fromkeys(programs, 200.0),
            dict.fromkeys(programs, at * 2.5),
            dict.fromkeys(programs, 20),
            {"journal": 3, "landing": at, "lake, small": 40, "lake, full": at, "dedup": 2, "run": 9},
            dict.fromkeys(("landing", "lake, full", "dedup", "catalog", "registry", "journal"), 1.0),
            frozenset({1, 2} if at < 100 or growth == 0 else {1, 3}),
        )
        for at in range(180)
    ]
    return Soaked(samples, line(*[0.2] * 180), 3_580_000)


def test_a_run_that_is_flat_holds_and_one_that_grows_does_not() -> None:
    fresh = line(*[2.0] * 180)
    good = figures(soaked(0.0), fresh, 0, WARM)
    assert good.held
    assert (good.rate, good.cores) == (2000.0, {"worker": 0.25, "sink": 0.25})
    bad = figures(soaked(0.2), fresh, 0, WARM)
    assert not bad.held
    assert bad.fallen == 1
    assert not bad.memory_mib["sink"].flat
    assert not figures(soaked(0.0), fresh, 1, WARM).held
    assert not figures(soaked(0.0), line(*[2.0] * 120, *[3.0] * 60), 0, WARM).held


def test_every_chart_has_lines() -> None:
    assert all(chart.lines and all(chart.lines.values()) for chart in charts(soaked(0.0), line(1.0, 2.0)))


@pytest.mark.slow
def test_a_short_soak_sees_everything() -> None:
    short = ["--minutes", "0.3", "--rate", "50", "--json"]
    done = subprocess.run(
        [sys.executable, "-m", "loadtest", "soak", *short], capture_output=True, text=True, check=False
    )
    result = msgspec.json.decode(done.stdout, type=SoakFigures)
    assert result.events > 500, done.stderr[-3000:]
    assert set(result.memory_mib) == {
        "worker",
        "sink",
        "sessionize",
        "console",
        "publish",
        "deliver",
        "collect",
        "up",
    }
    assert result.unseen == result.refused == result.fallen == 0
    assert math.isfinite(result.commit_s.before)
