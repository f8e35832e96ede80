"""What is left of a model where learning fails."""

import copy
from types import SimpleNamespace
from typing import Any

import duckdb
import pytest

from sessionizer.probable import model

FIELDS = ["given", "place"]


class Failing:
    """As Splink: a session takes the fields by which it learns out of the model, and fails."""

    def __init__(self, settings: dict[str, Any]) -> None:
        self.settings = settings
        self.misc = SimpleNamespace(save_model_to_json=lambda: copy.deepcopy(self.settings))
        self.training = SimpleNamespace(estimate_parameters_using_expectation_maximisation=self.learn)

    def learn(self, rule: str, **options: Any) -> None:
        self.settings["comparisons"] = []
        raise ValueError(rule)


def test_learning_that_fails_leaves_the_fields_as_they_were(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model, "linked", lambda con, tables, settings: Failing(settings))
    monkeypatch.setattr(model, "_trainable", lambda con, tables: [("postcode", "city"), ("email",)])
    with duckdb.connect() as con:
        left: Any = model._expect(con, Failing({"comparisons": FIELDS}), ["candidates"])  # type: ignore[arg-type]
    assert left.settings == {"comparisons": FIELDS}
