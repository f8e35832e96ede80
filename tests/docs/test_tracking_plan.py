"""docs/tracking-plan.md shows the plan that `sojourn plan init` makes, and is right on what it does."""

import re
from typing import get_args

import pytest

from sdk_contract.plan import compile, lint, read_plan
from sdk_contract.plan.faults import IDS
from sdk_contract.plan.model import (
    ACTIONS,
    CLEAN_KINDS,
    PII_CLASSES,
    Form,
    Identifier,
    Kind,
    Plan,
    PlannedEvent,
)
from tools.write_docs import DOCS
from warehouse.plans import STARTER, files_of

TEXT = (DOCS / "tracking-plan.md").read_text("utf-8")
FILES = dict(re.findall(r"^`([\w./]+)`:\n\n```yaml\n(.*?)```$", TEXT, re.DOTALL | re.MULTILINE))
ROW = re.compile(
    r"^\| (?P<type>\w+) \| (?P<event>[\w ]*) ?\| `(?P<given>\{.*?\})` "
    r"\| (?P<verdict>\w+) \| (?P<rest>.*) ?\|$",
    re.MULTILINE,
)
ROWS = [row.groupdict() for row in ROW.finditer(TEXT)]
PLAN = compile(read_plan(FILES))


def test_the_page_shows_the_plan_to_start_from() -> None:
    assert files_of(STARTER) == FILES
    assert len(ROWS) == 16


@pytest.mark.parametrize("row", ROWS)
def test_the_verdicts_of_the_page_are_true(row: dict[str, str]) -> None:
    fault = PLAN.check(row["type"], row["event"].strip() or None, row["given"].encode())
    pointer, expected = (cell.strip().strip("`") for cell in row["rest"].split("|"))
    if row["verdict"] == "ok":
        assert fault is None
        return
    assert fault is not None
    assert (fault.judge(0).verdict.value, fault.pointer, fault.expected) == (
        row["verdict"],
        pointer,
        expected,
    )


def test_the_error_of_the_page_is_true() -> None:
    line = TEXT.rstrip().removesuffix("\n```").split("\n")[-1]
    orders = FILES["events/orders.yaml"].replace("type: number", "type: numbr")
    assert line in [f"error: {problem}" for problem in lint(FILES | {"events/orders.yaml": orders})]


def test_every_field_and_word_is_told_of() -> None:
    words = [*PII_CLASSES, *CLEAN_KINDS, *ACTIONS, *get_args(Kind), *IDS]
    words += [name for of in (Plan, PlannedEvent, Form, Identifier) for name in of.__struct_fields__]
    assert [word for word in words if f"`{word}`" not in TEXT] == ["events"]
