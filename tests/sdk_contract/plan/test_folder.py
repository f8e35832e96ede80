"""A plan's folder: which files are read, what each may hold, and that their order does not matter."""

import pytest

from sdk_contract.plan import lint, read_plan


def test_a_plan_needs_a_head() -> None:
    (found,) = lint({"events/a.yaml": "event: A\ndescription: D.\nowner: o"})
    assert str(found) == "plan.yaml: there is no such file; `sojourn plan init` makes a folder with one"


def test_a_file_that_is_not_read_is_told_of() -> None:
    files = {
        "plan.yaml": "version: 1.0.0",
        "event/a.yaml": "event: A",
        "events/b.json": "{}",
        "README.md": "",
    }
    assert [(problem.severity, problem.file) for problem in lint(files)] == [
        ("warning", "event/a.yaml"),
        ("warning", "events/b.json"),
    ]
    assert read_plan(files).events == ()


def test_every_place_is_told_of_at_once() -> None:
    files = {
        "plan.yaml": "version: 1",
        "events/a.yaml": "- event: 1\n- event: A\n  kind: x",
        "events/b.yaml": "[1",
    }
    assert [(problem.file, problem.line) for problem in lint(files)] == [
        ("events/a.yaml", 1),
        ("events/a.yaml", 3),
        ("events/b.yaml", 1),
        ("plan.yaml", 1),
    ]


def test_a_file_may_hold_an_event_a_list_or_several_documents() -> None:
    plan = read_plan(
        {
            "plan.yaml": "version: 1.0.0",
            "events/a.yaml": "event: A",
            "events/deep/er/b.yml": "- event: B\n- event: C",
            "events/d.yaml": "event: D\n---\n- event: E\n---\n",
            "events/empty.yaml": "# nothing yet",
        }
    )
    assert [event.event for event in plan.events] == ["A", "D", "E", "B", "C"]


@pytest.mark.parametrize("word", ["yes", "no", "on", "off", "2026-11-21", "NO"])
def test_words_stay_words(word: str) -> None:
    plan = read_plan({"plan.yaml": "version: 1.0.0", "events/a.yaml": f"event: {word}\nsince: {word}"})
    assert (plan.events[0].event, plan.events[0].since) == (word, word)


def test_files_and_order_do_not_matter_for_the_canonical_text() -> None:
    one = read_plan({"plan.yaml": "version: 1.0.0", "events/a.yaml": "- {event: A, owner: o}\n- event: B"})
    two = read_plan(
        {"plan.yaml": "version: 1.0.0", "events/z.yaml": "event: B", "events/b.yaml": "{owner: o, event: A}"}
    )
    assert one.to_json() == two.to_json()
    assert type(one).from_json(one.to_json()).to_json() == one.to_json()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (".inf", "inf is no number of JSON"),
        (".nan", "nan is no number of JSON"),
        ("99999999999999999999", "an integer of more than 64 bits"),
        ("!!binary aGk=", "a value of the kind bytes is no JSON"),
        ("!!set {a}", "a value of the kind set is no JSON"),
    ],
)
def test_what_json_cannot_say_is_an_error(value: str, text: str) -> None:
    files = {"plan.yaml": "version: 1.0.0", "events/a.yaml": f"event: A\nproperties:\n  default: {value}"}
    assert f"events/a.yaml, line 3, properties.default: {text}" in str(lint(files)[0])
