"""`matching`: how well and how fast records of people are matched, measured by `sojourn identity link`.

The truth is known: Febrl's data sets, and made-up people of whom some were written down twice.
"""

from __future__ import annotations

import resource
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Any, Final

import duckdb
import msgspec
import numpy as np
import pyarrow as pa
from pyarrow import parquet

from loadtest import febrl
from loadtest.errors import ProgramFailed
from loadtest.processes import sojourn

THRESHOLD: Final = 0.95
BINS: Final = 10
_MADE: Final = Path(__file__).with_name("matching.sql")
Report = Callable[[str], None]


class Quality(msgspec.Struct, frozen=True):
    """Of the pairs at THRESHOLD or above: how many are right, and how many of the true ones are there."""

    precision: float
    recall: float
    f1: float


class Speed(msgspec.Struct, frozen=True):
    """What matching `records` took: wall and CPU seconds and memory of the whole program."""

    records: int
    pairs: int
    seconds: float
    cpu_s: float
    rss_mb: float
    precision: float
    recall: float


class Matching(msgspec.Struct, frozen=True):
    """`calibration_error`: how far confidence and truth differ on data set 2 under a model learned from 3,
    over the pairs at least as likely one person as two; of these `unsure` are below 0.999.
    """

    febrl4: Quality
    febrl3: Quality
    febrl2: Quality
    calibration_error: float
    unsure: int
    made: Speed


def matching(people: int, seed: int, threads: int, report: Report) -> Matching:
    """`people` made-up ones, three of ten of whom are there twice."""
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        two, three, first, second = (_febrl(work, name) for name in ("2", "3", "4a", "4b"))
        report("Febrl 4: two files")
        linked = _link([first, second], work)
        report("Febrl 3: one file")
        deduped = _link([three], work, "--save-model", str(work / "model.json"))
        report("Febrl 2, with the model of Febrl 3")
        held_out = _link([two], work, "--model", str(work / "model.json"))
        report(f"{people} people")
        return Matching(
            _quality(linked, _truth(first, second)),
            _quality(deduped, _truth(three)),
            _quality(held_out, _truth(two)),
            calibration_error(held_out["confidence"].to_numpy(), _right(held_out, _truth(two))),
            int((held_out["confidence"].to_numpy() < 0.999).sum()),
            _made(work, people, seed, threads),
        )


def calibration_error(confidence: Any, right: Any) -> float:
    """The mean distance between how sure and how often right, over bins of equal width weighted by pairs."""
    at = np.minimum((confidence * BINS).astype(int), BINS - 1)
    apart = np.bincount(at, weights=confidence, minlength=BINS) - np.bincount(
        at, weights=right, minlength=BINS
    )
    return round(float(np.abs(apart).sum() / max(len(confidence), 1)), 5)


def _febrl(work: Path, name: str) -> Path:
    path = work / f"febrl{name}.parquet"
    parquet.write_table(febrl.records(name), path)
    return path


def _truth(*paths: Path) -> set[tuple[str, str]]:
    return febrl.truth([id for path in paths for id in parquet.read_table(path)["id"].to_pylist()])


def _right(found: pa.Table, truth: set[tuple[str, str]]) -> Any:
    ends = zip(found["left"].to_pylist(), found["right"].to_pylist(), strict=True)
    return np.array([tuple(sorted(pair)) in truth for pair in ends], dtype=float)


def _quality(found: pa.Table, truth: set[tuple[str, str]]) -> Quality:
    sure = found["confidence"].to_numpy() >= THRESHOLD
    right, claimed = int(_right(found, truth)[sure].sum()), int(sure.sum())
    return _scored(right, claimed, len(truth))


def _scored(right: int, claimed: int, true: int) -> Quality:
    precision, recall = right / max(claimed, 1), right / max(true, 1)
    f1 = 2 * precision * recall / max(precision + recall, 1e-12)
    return Quality(round(precision, 5), round(recall, 5), round(f1, 5))


def _made(work: Path, people: int, seed: int, threads: int) -> Speed:
    path = work / "made.parquet"
    with duckdb.connect() as con:
        con.execute(_MADE.read_text("utf-8").format(people=people, seed=seed, target=path))
        ((records,),) = con.execute("SELECT count(*) FROM read_parquet(?)", [str(path)]).fetchall()
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), perf_counter()
    found = _link([path], work, "--threads", str(threads))
    seconds, after = perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    quality = _made_quality(path, found, records - people)
    return Speed(
        records,
        len(found),
        round(seconds, 1),
        round(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, 1),
        round(after.ru_maxrss / 1024, 0),
        quality.precision,
        quality.recall,
    )


def _made_quality(path: Path, found: pa.Table, true: int) -> Quality:
    """Records are numbered from 1 on."""
    person = parquet.read_table(path, columns=["id", "person"]).sort_by("id")["person"].to_numpy()
    sure = found.filter(pa.compute.greater_equal(found["confidence"], THRESHOLD))
    left, right = (person[sure[end].to_numpy().astype(int) - 1] for end in ("left", "right"))
    return _scored(int((left == right).sum()), len(sure), true)


def _link(files: list[Path], work: Path, *options: str) -> pa.Table:
    out = work / "pairs.parquet"
    command = sojourn("identity", "link", *map(str, files), "--out", str(out), "--json", *options)
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise ProgramFailed(f"sojourn identity link ended with code {done.returncode}: {last}")
    return parquet.read_table(out)
