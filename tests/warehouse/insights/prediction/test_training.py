"""Models over customers whose future is known: found again, calibrated, or said to be useless."""

from typing import Any

import msgspec
import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, brier_score_loss, roc_auc_score
from threadpoolctl import threadpool_limits

from tests.warehouse.insights.prediction.planted import DAYS, NAMES, QUESTION, rows
from warehouse.insights.prediction import measured
from warehouse.insights.prediction.features import Features, Floats
from warehouse.insights.prediction.learned import Learned, shape
from warehouse.insights.prediction.learning import columns_of, learn_linear, learn_trees
from warehouse.insights.prediction.shapley import leaves, values
from warehouse.insights.prediction.training import Lacking, Validated, train
from warehouse.insights.prediction.trees import Tree


def trained(found: Features, **fields: Any) -> tuple[Learned, Validated]:
    done = train(msgspec.structs.replace(QUESTION, **fields), found, DAYS)
    assert not isinstance(done, Lacking), done
    return done


def chances(model: Learned, found: Features) -> Floats:
    places = [found.names.index(column.name) for column in model.columns]
    return model.probability(found.values[:, places])


@pytest.mark.parametrize("calibration", ["sigmoid", "isotonic"])
def test_a_planted_hazard_is_found_and_calibrated(calibration: str) -> None:
    found, truth = rows(1500, 1)
    model, tested = trained(found, calibration=calibration)
    assert (tested.verdict, tested.model) == ("useful", "logistic")
    assert [one.feature for one in tested.weights[:3]] == ["contacts", "recency_days", "trend"]
    assert [one.more_is_likelier for one in tested.weights[:3]] == [True, True, False]
    now = found.back == 0
    assert np.abs(chances(model, found)[now] - truth[now]).mean() < (
        0.03 if calibration == "sigmoid" else 0.05
    )
    best = roc_auc_score(found.later[found.back == 7], truth[found.back == 7])
    own = next(one for one in tested.compared if one.model == "logistic")
    assert own.auc.value == pytest.approx(best, abs=0.01)
    assert own.auc.low < best < own.auc.high
    assert len(tested.reliability) > 5
    within = [(one.actual.low or 0) <= one.expected <= (one.actual.high or 1) for one in tested.reliability]
    assert sum(within) >= len(within) - 2


def test_trees_find_what_no_line_can() -> None:
    found, _ = rows(800, 2, "twisted")
    model, tested = trained(found)
    assert tested.model == "boosting"
    by_model = {one.model: one.auc.value for one in tested.compared}
    assert by_model["boosting"] > by_model["logistic"] + 0.1
    assert {one.feature for one in tested.weights[:2]} == {"contacts", "trend"}
    line, told = trained(found, model="logistic")
    assert [one.model for one in told.compared] == ["recency", "logistic"]
    assert len(line.columns) == len(model.columns) == len(NAMES)


def test_random_labels_are_said_to_be_useless() -> None:
    told = [trained(rows(300, seed, "random")[0], seed=seed)[1] for seed in (20, 21, 22, 23)]
    middle = [next(one for one in tested.compared if one.model == tested.model).auc.value for tested in told]
    assert np.mean(middle) == pytest.approx(0.5, abs=0.04)
    # One in forty such intervals lies above a half by chance.
    assert [tested.verdict for tested in told].count("useless") >= 3
    assert all(tested.gain.low < 0 < tested.gain.high or tested.verdict == "useless" for tested in told)


def test_no_better_than_recency_is_said() -> None:
    _, tested = trained(rows(600, 4, "recency")[0])
    assert tested.verdict == "no_better_than_recency"
    assert next(one for one in tested.compared if one.model == "recency").auc.low > 0.5


def test_learning_never_sees_later_days() -> None:
    """Other labels on the validation day change how it is judged, and not the model."""
    found, _ = rows(300, 5)
    turned = found.later.copy()
    turned[found.back == 7] ^= True
    model, tested = trained(found)
    other, judged = trained(msgspec.structs.replace(found, later=turned))
    assert msgspec.json.encode(model) == msgspec.json.encode(other)
    assert judged.verdict == "useless"
    assert judged.compared[-1].auc.value == pytest.approx(1 - tested.compared[-1].auc.value)
    assert [(one.role, one.days_back) for one in tested.slices] == [
        ("validation", 7),
        ("calibration", 14),
        *(("learning", days) for days in (21, 28, 35)),
    ]


def test_the_same_seed_and_data_give_the_same_answer() -> None:
    found, _ = rows(200, 6)
    once, again = trained(found), trained(found)
    assert msgspec.json.encode(once) == msgspec.json.encode(again)
    read = msgspec.json.decode(msgspec.json.encode(once[0]), type=Learned)
    assert np.array_equal(chances(read, found), chances(once[0], found))


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"depth": 30}, "the range has 31 days of data; history 14d and three horizons of 7d take 35"),
        ({"later": np.zeros(6 * 60, bool)}, "it came true for 0 of them; 10 of each kind would do"),
        ({"values": np.ones((6 * 60, len(NAMES)))}, "all customers to learn from are alike"),
    ],
)
def test_too_little_is_said_with_numbers(change: dict[str, Any], text: str) -> None:
    done = train(QUESTION, msgspec.structs.replace(rows(60, 7)[0], **change), DAYS)
    assert isinstance(done, Lacking)
    assert text in done.reason


def test_models_are_those_of_scikit_learn() -> None:
    found, _ = rows(150, 8, "twisted")
    columns, _ = columns_of(found.names, found.values)
    shaped = shape(columns, found.values)
    with threadpool_limits(1):
        wanted = HistGradientBoostingClassifier(
            max_depth=4, min_samples_leaf=20, l2_regularization=1.0, early_stopping=False
        ).fit(shaped, found.later)
    trees = Learned(columns, learn_trees(columns, found.values, found.later, 1), None)  # type: ignore[arg-type]
    assert trees.log_odds(found.values) == pytest.approx(wanted.decision_function(shaped))
    line = LogisticRegression(max_iter=2000).fit(shaped, found.later)
    linear = Learned(columns, learn_linear(columns, found.values, found.later), None)  # type: ignore[arg-type]
    assert linear.log_odds(found.values) == pytest.approx(line.decision_function(shaped))
    for model in (trees, linear):
        base, added = model.contributions(found.values[:50])
        assert base + added.sum(axis=1) == pytest.approx(model.log_odds(found.values[:50]))


def test_measures_are_those_of_scikit_learn() -> None:
    random = np.random.default_rng(9)
    came, chance = random.random(300) < 0.3, random.integers(20, size=300) / 20
    weight = random.integers(4, size=300).astype(float)
    of = measured.ranked(chance, chance, came)
    assert measured.auc(of, weight) == pytest.approx(roc_auc_score(came, chance, sample_weight=weight))
    assert measured.pr_auc(of, weight) == pytest.approx(
        average_precision_score(came, chance, sample_weight=weight)
    )
    assert measured.brier(of, weight) == pytest.approx(brier_score_loss(came, chance, sample_weight=weight))
    # Of ten by rank the first is the top tenth: it came, as 4 of 10 did.
    ten = measured.ranked(np.arange(10.0)[::-1], np.zeros(10), np.array([1, 0, 1, 0, 1, 0, 1, 0, 0, 0], bool))
    assert measured.lift(ten, np.ones(10)) == pytest.approx(2.5)


def test_reasons_by_the_definition_of_shapley() -> None:
    """Of every set of known features what the tree adds, by its own descent."""
    tree = Tree(
        [0, 1, -1, -1, 1, -1, 0, -1, -1],
        [0.5, 0.2, 0, 0, 0.7, 0, 0.9, 0, 0],
        [1, 2, 0, 0, 5, 0, 7, 0, 0],
        [4, 3, 0, 0, 6, 0, 8, 0, 0],
        [0, 0, 1.0, -2.0, 0, 3.0, 0, 0.5, 4.0],
        [100, 40, 30, 10, 60, 20, 40, 10, 30],
    )

    def known(row: Floats, features: set[int], node: int = 0) -> float:
        of = tree.feature[node]
        if of < 0:
            return tree.value[node]
        children = (tree.left[node], tree.right[node])
        if of in features:
            return known(row, features, children[int(row[of] > tree.threshold[node])])
        return sum(tree.cover[one] / tree.cover[node] * known(row, features, one) for one in children)

    data = np.random.default_rng(3).random((20, 3))
    base, added = values(leaves(tree), data)
    assert base == pytest.approx(known(data[0], set()))
    for row, own in zip(data, added, strict=True):
        first = (known(row, {0}) - known(row, set()) + known(row, {0, 1}) - known(row, {1})) / 2
        assert own == pytest.approx([first, known(row, {0, 1}) - known(row, set()) - first, 0])
