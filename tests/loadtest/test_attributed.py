"""Attribution at scale: made-up journeys, another order of them, and a file of paths."""

from pathlib import Path

import numpy as np
import pytest

from loadtest.attributed import (
    PUBLISHED,
    NotThatFile,
    attributed,
    off_published,
    random_journeys,
    read_paths,
    reordered,
)
from loadtest.cli.attribution import RUN
from warehouse.insights.marketing import markov
from warehouse.insights.marketing.markov import removal_effects
from warehouse.insights.marketing.models import credits_of

HEAD = "path;total_conversions;total_conversion_value;total_null\n"


def test_figures_keep_their_promises_without_the_file() -> None:
    found = attributed(2_000, 12, 1, None, lambda text: None)
    figures = {name: getattr(found, name) for name in found.__struct_fields__}
    assert all(one.holds(figures) for one in RUN.promises)
    assert found.published is None
    assert found.touches > found.journeys


def test_another_order_of_the_journeys_is_the_same_journeys() -> None:
    made = random_journeys(500, 6, 3)
    other = reordered(made, 3)
    assert not np.array_equal(made.journey, other.journey)
    paths = [
        sorted(
            (int(one.journey[at]), *one.code[at : at + long])
            for at, long in zip(one.starts, one.lengths, strict=True)
        )
        for one in (made, other)
    ]
    assert paths[0] == paths[1]
    assert credits_of(other, "linear", 1.0, 1).conversions == pytest.approx(
        credits_of(made, "linear", 1.0, 1).conversions, abs=1e-9
    )


def test_paths_of_a_file(tmp_path: Path) -> None:
    """a > b converted twice and failed once, b failed once: a reaches b always, b wins 2 of 4."""
    file = tmp_path / "Data.csv"
    file.write_text(HEAD + "a > b;2;3.5;1\nb;0;0;1\n")
    found = read_paths(file)
    assert credits_of(found, "first", 1.0, 1).conversions.tolist() == [2, 0]
    assert credits_of(found, "last", 1.0, 1).conversions.tolist() == [0, 2]
    assert removal_effects(found, 1) == pytest.approx([0.75, 1.0])


def test_what_is_published_is_far_from_other_data(tmp_path: Path) -> None:
    file = tmp_path / "Data.csv"
    names = " > ".join(PUBLISHED["markov_global"])
    file.write_text(HEAD + f"{names};1;1;1\n")
    assert off_published(read_paths(file)) > 1


def test_another_file_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "other.csv"
    file.write_text("a;b\n")
    with pytest.raises(NotThatFile, match="does not begin with path;total_conversions"):
        read_paths(file)


def test_a_large_chain_is_iterated_or_eliminated_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    made = random_journeys(3_000, 12, 5)
    dense = removal_effects(made, 2)
    monkeypatch.setattr(markov, "_DENSE", 0)
    assert removal_effects(made, 2) == pytest.approx(dense, abs=1e-11)
    monkeypatch.setattr(markov, "_MOST_STEPS", 1)
    assert removal_effects(made, 2) == pytest.approx(dense, abs=1e-11)
