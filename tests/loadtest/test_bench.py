"""Figures are per CPU second, medians over rounds, and in the units that are promised."""

from pathlib import Path

import msgspec
import pytest

from loadtest.bench import SIZES, Cell, Figures, figures, write_bodies
from loadtest.wrk import MARKER, Counted

NOW = 1_795_300_000_000_000


def cell(requests: int, cpu_s: float, landed: int = 0, landed_s: float = 1.0, not_2xx: int = 0) -> Cell:
    return Cell(Counted(requests, 1_000_000, 0, 0, 0, not_2xx, 0), cpu_s, landed, landed_s)


def test_figures_are_medians_of_rounds() -> None:
    cells = {("bare", size): [cell(900, 0.1), cell(1000, 0.1), cell(5000, 0.1)] for size in SIZES}
    cells |= {
        ("door", size): [
            cell(400, 0.1, 400 * size, 0.2),
            cell(500, 0.1, 500 * size, 0.2),
            cell(0, 0.1, 0, 0.2),
        ]
        for size in SIZES
    }
    assert figures(cells) == Figures(
        bare={"1": 10_000, "20": 10_000, "50": 10_000},
        door={"1": 4_000, "20": 80_000, "50": 200_000},
        landed={"1": 2_000, "20": 40_000, "50": 100_000},
        ratio={"1": 0.4, "20": 0.4, "50": 0.4},
    )


def test_requests_that_were_not_accepted_do_not_count() -> None:
    cells = {("bare", size): [cell(1000, 1.0)] for size in SIZES}
    cells |= {("door", size): [cell(1000, 1.0, not_2xx=400)] for size in SIZES}
    assert figures(cells).ratio == {"1": 0.6, "20": 0.6, "50": 0.6}


def test_bodies_have_the_promised_sizes(tmp_path: Path) -> None:
    paths = write_bodies(tmp_path, NOW)
    for size, path in paths.items():
        body = path.read_bytes()
        assert len(msgspec.json.decode(body)["batch"]) == size
        assert body.count(MARKER) == size
        assert len(body) / size == pytest.approx(900, rel=0.35)
