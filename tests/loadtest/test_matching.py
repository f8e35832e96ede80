"""Febrl's records and truth, the error of a confidence, and people who are made up."""

from pathlib import Path

import duckdb
import numpy as np
import pytest

from loadtest import febrl
from loadtest.matching import calibration_error

MADE = Path(__file__).parents[2] / "loadtest" / "matching.sql"


@pytest.mark.parametrize(
    ("names", "records", "pairs"),
    [(("2",), 5_000, 1_934), (("3",), 5_000, 6_538), (("4a", "4b"), 10_000, 5_000)],
    ids=["2", "3", "4"],
)
def test_febrl(names: tuple[str, ...], records: int, pairs: int) -> None:
    ids = [id for name in names for id in febrl.records(name)["id"].to_pylist()]
    assert (len(ids), len(febrl.truth(ids))) == (records, pairs)


def test_the_error_of_a_confidence() -> None:
    assert (
        calibration_error(np.array([1.0, 1.0, 0.75, 0.75, 0.75, 0.75]), np.array([1, 1, 1, 1, 1, 0])) == 0.0
    )
    assert calibration_error(np.array([0.95, 0.95]), np.array([1.0, 0.0])) == 0.45
    assert calibration_error(np.array([0.95, 0.55]), np.array([1.0, 0.0])) == 0.3
    assert calibration_error(np.array([]), np.array([])) == 0.0


def test_three_of_ten_people_are_there_twice(tmp_path: Path) -> None:
    path = tmp_path / "made.parquet"
    with duckdb.connect() as con:
        con.execute(MADE.read_text("utf-8").format(people=1_000, seed=7, target=path))
        ((records, people, ids),) = con.execute(
            "SELECT count(*), count(DISTINCT person), max(id) FROM read_parquet(?)", [str(path)]
        ).fetchall()
    assert (people, ids) == (1_000, records)
    assert 1_250 <= records <= 1_350
