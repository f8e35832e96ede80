"""The score of identities against the truth, and that the truth survives its file."""

from pathlib import Path

import pytest

from loadtest.truth import Identity, Score, Truth, read_truth, score


@pytest.fixture
def truth() -> Truth:
    """Ann has two devices, one of them never signed in on; Bob has one device."""
    truth = Truth(seed=1)
    truth.device("ann", "a1")
    truth.device("ann", "a2")
    truth.device("bob", "b1")
    truth.signed_in("ann", "a1", "ann@x")
    truth.signed_in("bob", "b1", "bob@x")
    truth.guest("b1", "ann@x")
    return truth


def found(**groups: list[Identity]) -> dict[Identity, str]:
    return {identity: name for name, identities in groups.items() for identity in identities}


A1, A2, ANN = ("anonymous_id", "a1"), ("anonymous_id", "a2"), ("user_id", "ann@x")
B1, BOB, STRANGER = ("anonymous_id", "b1"), ("user_id", "bob@x"), ("anonymous_id", "z")


def test_what_can_be_known_is_enough_for_a_full_score(truth: Truth) -> None:
    assert score(truth, found(c1=[A1, ANN], c2=[A2], c3=[B1, BOB, STRANGER])) == Score(1.0, 1.0, 2, 2, 2)


def test_joining_two_people_costs_precision(truth: Truth) -> None:
    assert score(truth, found(c1=[A1, ANN, B1, BOB])).precision == pytest.approx(2 / 6)


def test_a_missing_link_costs_recall(truth: Truth) -> None:
    assert score(truth, found(c1=[A1], c2=[ANN], c3=[B1, BOB])).recall == pytest.approx(1 / 2)
    assert score(truth, {}).recall == 0.0


def test_the_file_says_the_same(truth: Truth, tmp_path: Path) -> None:
    truth.write(tmp_path / "truth.json")
    assert read_truth(tmp_path / "truth.json") == truth
    assert [path.name for path in tmp_path.iterdir()] == ["truth.json"]
