"""Models that are learned once, kept, and score later: by the command line, HTTP's way and Python."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from tests.warehouse.insights.prediction.shop_lives import DAY, GIVEN, UNTIL, lived, lives
from warehouse.cli import model
from warehouse.insights.errors import BadQuestion
from warehouse.insights.prediction import learning
from warehouse.insights.prediction.learning import ModelsMissing, require_sklearn
from warehouse.insights.prediction.predicted import intent, risk
from warehouse.insights.prediction.question import Intent, Risk
from warehouse.lake import Lake
from warehouse.registry import Registry
from warehouse.registry.models import read_models
from warehouse.settings import WarehouseSettings
from warehouse.times import iso

TRAIN = [
    *("train", "risk", "--name", "leaving", "--since", GIVEN["since"], "--until", GIVEN["until"]),
    *("--unit", "device", "--horizon", "7d", "--history", "14d", "--active", "7d", "--model", "logistic"),
    *("--contact", "Asked", "--channels", "Email"),
]


@pytest.fixture(scope="module")
def lake() -> Lake:
    return lived(lives(110))


@pytest.fixture
def folder(tmp_path: Path, lake: Lake, monkeypatch: pytest.MonkeyPatch) -> Path:
    settings = WarehouseSettings(data=str(tmp_path))
    settings.folders.registry.parent.mkdir(parents=True, exist_ok=True)
    Registry.open(settings.folders.registry, now=lambda: UNTIL).close()

    @contextmanager
    def reader(_: WarehouseSettings) -> Iterator[Lake]:
        lake.registry = settings.folders.registry
        yield lake

    monkeypatch.setattr(model, "open_reader", reader)
    monkeypatch.setattr(model, "now", lambda: UNTIL)
    return tmp_path


def said(folder: Path, *arguments: str) -> Result:
    return CliRunner().invoke(model.model, [*arguments, "--data", str(folder)])


def told(folder: Path, *arguments: str) -> Any:
    done = said(folder, *arguments, "--json")
    assert done.exception is None, done.exception
    return json.loads(done.stdout)


def test_train_list_show_and_score(folder: Path, lake: Lake) -> None:
    trained = told(folder, *TRAIN)
    assert (trained["version"], trained["kind"], trained["tested"]["model"]) == (1, "risk", "logistic")
    assert told(folder, *TRAIN)["version"] == 2
    listed = told(folder, "list")
    assert [(one["name"], one["version"]) for one in listed] == [("leaving", 1), ("leaving", 2)]
    assert 0 <= listed[0]["auc"] <= 1
    shown = told(folder, "show", "leaving@1")
    assert shown["model"] == trained["model"]
    assert shown["question"]["horizon"] == "7d"
    assert "d1" not in json.dumps(shown["model"]) + json.dumps(shown["tested"])
    scored = told(folder, "score", "leaving", "--customers", "4", "--until", GIVEN["until"])
    assert scored["kept"] == "leaving@2"
    question = Risk(**{**GIVEN, "customers": 4, "model": "logistic", "steps": (), "value": None})
    anew = risk(lake, question, UNTIL)
    assert [one["customer"] for one in scored["customers"]] == [one.customer for one in anew.customers]
    assert scored["customers"][0]["probability"] == pytest.approx(anew.customers[0].probability)
    assert scored["customers"][0]["reasons"][0]["text"] == anew.customers[0].reasons[0].text


def test_what_people_see(folder: Path) -> None:
    lines = said(folder, *TRAIN).stdout.splitlines()
    assert lines[0] == f"shop: leaving@1, risk as of {iso(UNTIL)}"
    assert lines[1].startswith("logistic: ")
    assert any(line.startswith("recency_days") for line in lines)
    assert said(folder, "list").stdout.splitlines()[2].split()[:4] == ["shop", "leaving", "1", "risk"]
    done = said(folder, "score", "leaving", "--csv", "--customers", "2")
    assert len(done.stdout.splitlines()) == 3


def test_another_day_is_scored_by_the_same_numbers(folder: Path, lake: Lake) -> None:
    told(folder, *TRAIN)
    lake.registry = WarehouseSettings(data=str(folder)).folders.registry
    day = UNTIL - 10 * DAY
    answer = risk(lake, Risk(kept="leaving@1", until=iso(day), customers=1000), UNTIL)
    assert answer.kept == "leaving@1"
    assert answer.until == answer.as_of == iso(day)
    assert answer.since == iso(day - 14 * DAY)
    assert answer.n == len(answer.customers) > 0
    assert answer.tested is not None
    assert answer.question.unit == "device"


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["score", "leavin"], "near it: 'leaving'"),
        (["show", "leaving@9"], "model 'leaving@9' is not known here"),
        (["train", "risk", "--name", "a b"], "name 'a b' will not do"),
        (
            ["train", "risk", "--since", GIVEN["since"], "--unit", "device", "--history", "35d"],
            "nothing was kept",
        ),
        (["train", "risk", "--horizon", "x"], "horizon 'x' is no length of time"),
        (["score", "leaving", "--customers", "many"], "$.customers"),
    ],
)
def test_what_is_wrong_is_said(folder: Path, arguments: list[str], text: str) -> None:
    told(folder, *TRAIN)
    assert text in str(said(folder, *arguments).exception)


def test_a_model_answers_its_own_kind_of_question(folder: Path, lake: Lake) -> None:
    told(folder, *TRAIN)
    lake.registry = WarehouseSettings(data=str(folder)).folders.registry
    with pytest.raises(BadQuestion, match="is a model of risk, not of intent"):
        intent(lake, Intent(kept="leaving"), UNTIL)


def test_a_model_that_cannot_be_read_is_said(folder: Path, lake: Lake) -> None:
    registry = Registry.open(WarehouseSettings(data=str(folder)).folders.registry, now=lambda: UNTIL)
    parts = {"kind": "risk", "as_of": "", "verdict": "useful", "tested": "{}", "model": "{}"}
    registry.keep_model("shop", "odd", "me", question='{"horizons": "7d"}', **parts)
    registry.close()
    lake.registry = WarehouseSettings(data=str(folder)).folders.registry
    with pytest.raises(BadQuestion, match=r"model odd@1 cannot be read .*; training it again would do"):
        risk(lake, Risk(kept="odd"), UNTIL)
    assert told(folder, "list")[0]["auc"] is None
    assert "training it again would do" in str(said(folder, "show", "odd").exception)


def test_a_registry_without_models(tmp_path: Path) -> None:
    assert read_models(tmp_path / "none.sqlite") == []


def test_what_to_install_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)

    monkeypatch.setattr(learning, "import_module", missing)
    with pytest.raises(ModelsMissing) as refused:
        require_sklearn()
    assert (
        str(refused.value) == "learning a model needs sklearn; install it with pip install 'sojourn[models]'"
    )
