"""Typed clients: the same bytes each time, names that are safe, and all of a plan in every language."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sdk_contract.codegen import LANGUAGES, client
from sdk_contract.codegen.model import ANYTHING, Basic, Choice, Field, ListOf, Reference, Union
from sdk_contract.codegen.names import RESERVED, Names, camel, pascal, snake, words
from sdk_contract.plan import Plan, read_plan
from tests.sdk_contract.codegen.typed_calls import FILES, plan

GOLDEN = Path(__file__).parent / "golden"
ENDINGS = {"ts": "ts", "kotlin": "kt", "swift": "swift", "python": "txt"}
MAKE = """
import sys
from sdk_contract.codegen import LANGUAGES, client
from tests.sdk_contract.codegen.typed_calls import plan
sys.stdout.buffer.write(LANGUAGES[sys.argv[1]](client(plan())).encode())
"""


def of_property(schema: str, shared: str = "") -> Field:
    """The only property of an event, as a field."""
    files = {
        "plan.yaml": f"version: 1.0.0\nproperties: {{{shared}}}\n",
        "events/e.yaml": f"{{event: E, properties: {{type: object, properties: {{p: {schema}}}}}}}\n",
    }
    [record] = [one for one in client(read_plan(files)).records if one.name == "E"]
    return record.fields[0]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_client_is_as_it_was_agreed(language: str) -> None:
    made = LANGUAGES[language](client(plan()))
    golden = GOLDEN / f"client.{ENDINGS[language]}"
    assert made == golden.read_text("utf-8"), f"if this is meant, write it to {golden}"


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_same_bytes_each_time(language: str) -> None:
    made = set()
    for seed in ("1", "2"):
        environ = {**os.environ, "PYTHONHASHSEED": seed}
        command = [sys.executable, "-c", MAKE, language]
        made.add(subprocess.run(command, capture_output=True, check=True, env=environ).stdout)
    assert made == {LANGUAGES[language](client(plan())).encode()}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_registry_and_a_folder_give_the_same(language: str) -> None:
    published = Plan.from_json(plan().to_json())
    assert LANGUAGES[language](client(published)) == LANGUAGES[language](client(plan()))
    backwards = read_plan(dict(reversed(FILES.items())))
    assert LANGUAGES[language](client(backwards)) == LANGUAGES[language](client(plan()))


@pytest.mark.parametrize(
    ("schema", "of"),
    [
        ("{type: string}", Basic("string")),
        ("{type: integer}", Basic("integer")),
        ("{type: [string, 'null']}", Union((Basic("string"), Basic("null")))),
        ("{type: [integer, number]}", Union((Basic("integer"), Basic("number")))),
        ("{enum: [a, 1, true, null]}", Choice("EP", ("a", 1, True, None))),
        ("{type: [string, 'null'], enum: [a, null]}", Choice("EP", ("a", None))),
        ("{const: x}", Choice("EP", ("x",))),
        ("{type: array, items: {type: boolean}}", ListOf(Basic("boolean"))),
        ("{type: array}", ListOf(ANYTHING)),
        ("{type: object}", Reference("EP")),
        ("{anyOf: [{type: string}, {type: number}]}", Union((Basic("string"), Basic("number")))),
        ("{oneOf: [{type: string}, {}]}", ANYTHING),
        ("{allOf: [{type: string}, {minLength: 2}]}", Basic("string")),
        ("{enum: [[1], {}]}", ANYTHING),
        ("{}", ANYTHING),
        ("true", ANYTHING),
    ],
)
def test_a_schema_is_the_narrowest_type_that_takes_what_it_takes(schema: str, of: object) -> None:
    assert of_property(schema).type == of


@pytest.mark.parametrize(
    ("shared", "of"),
    [
        ("s: {type: string}", Basic("string")),
        ("s: {type: object}", Reference("S")),
        ("s: {type: object, properties: {p: {$ref: '#/$defs/s'}}}", Reference("S")),
    ],
)
def test_shared_parts_are_followed(shared: str, of: object) -> None:
    assert of_property("{$ref: '#/$defs/s'}", shared).type == of


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("Order Completed", ("orderCompleted", "OrderCompleted", "order_completed")),
        ("order_completed", ("orderCompleted", "OrderCompleted", "order_completed")),
        ("HTTPError seen", ("httpErrorSeen", "HTTPErrorSeen", "http_error_seen")),
        ("商品 浏览", ("商品浏览", "商品浏览", "商品_浏览")),
        ("delete", ("delete_", "Delete", "delete_")),
        ("3D View", ("_3DView", "_3DView", "_3_d_view")),
        ("🎉", ("event", "Event", "event")),
        ("Ｆｕｌｌ", ("full", "Full", "full")),
        ("a;drop()//", ("aDrop", "ADrop", "a_drop")),
    ],
)
def test_names(text: str, made: tuple[str, str, str]) -> None:
    parts = words(text)
    assert (camel(parts), pascal(parts), snake(parts)) == made


@given(st.text(max_size=30))
@settings(max_examples=300, deadline=None)
def test_every_name_is_an_identifier_in_every_language(text: str) -> None:
    for name in (camel(words(text)), snake(words(text)), Names().type(text)):
        assert name.isidentifier()
        assert name not in RESERVED
        assert re.fullmatch(r"[\w]+", name)


def test_names_that_are_equal_are_numbered() -> None:
    names = Names()
    assert [names.free(name) for name in ("a", "b", "A", "a", "a2")] == ["a", "b", "A2", "a3", "a22"]


NASTY = {
    "plan.yaml": "version: 1.0.0\ndescription: x\n",
    "events/e.yaml": r"""
- event: "a\"b\\c\n$d ${e} \\(f) */ \u0007\u2028"
  description: "*/ /* \"\"\" \\ $x\nsecond \u0085 line ends with \""
  properties:
    type: object
    required: ["a\"b"]
    properties:
      "a\"b": {enum: ["$x\"", "\\(y)", "\u0001"], description: "*/ \"\"\" \\"}
""",
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_in_a_plan_can_leave_its_literal_or_comment(language: str) -> None:
    """Texts, comments and docstrings taken away, only identifiers and punctuation are left."""
    made = LANGUAGES[language](client(read_plan(NASTY)))
    comments = {"ts": r"/\*.*?\*/|//[^\n]*", "kotlin": r"/\*.*?\*/|//[^\n]*", "swift": r"//[^\n]*"}
    strings = r'"""(?:[^\\]|\\.)*?"""|"(?:[^"\\\n]|\\.)*"'
    if language == "python":
        strings += r"|#[^\n]*"
        compile(made, "client.py", "exec")
    else:
        strings += "|" + comments[language]
    bare = re.sub(strings, "", made, flags=re.DOTALL)
    assert '"' not in bare
    assert "\\" not in bare
    assert "*/" not in bare
    assert "second" not in bare
    if language == "kotlin":
        code = re.sub(comments[language], "", made, flags=re.DOTALL)
        assert not re.search(r"(?<!\\)\$", code)


def test_python_runs_and_sends() -> None:
    space: dict[str, object] = {"__name__": "client"}
    exec(LANGUAGES["python"](client(plan())), space)  # noqa: S102
    sent: list[dict[str, object]] = []

    class Sdk:
        def track(self, **given: object) -> None:
            sent.append(given)

        page = track

    tracking = space["Tracking"](Sdk(), user_id="u")  # type: ignore[operator]
    tracking.order_completed2({"ok": True})
    tracking.page_首页({"path": "/"})
    assert sent == [
        {"user_id": "u", "event": "order_completed", "properties": {"ok": True}, "anonymous_id": None},
        {"user_id": "u", "name": "首页", "properties": {"path": "/"}, "anonymous_id": None},
    ]


@pytest.mark.parametrize(("language", "braces"), [("kotlin", "{}()"), ("swift", "{}()[]"), ("ts", "{}()[]")])
def test_what_is_opened_is_closed(language: str, braces: str) -> None:
    made = re.sub(r'"(?:[^"\\]|\\.)*"', "", (GOLDEN / f"client.{ENDINGS[language]}").read_text("utf-8"))
    made = re.sub(r"/\*.*?\*/|//[^\n]*", "", made, flags=re.DOTALL)
    assert all(made.count(open) == made.count(close) for open, close in zip(*[iter(braces)] * 2, strict=True))


@pytest.mark.parametrize(("language", "declares"), [("kotlin", "class"), ("swift", "struct|enum")])
def test_every_type_that_is_used_is_declared_once(language: str, declares: str) -> None:
    made = (GOLDEN / f"client.{ENDINGS[language]}").read_text("utf-8")
    declared = re.findall(rf"^(?:public |data |enum )*(?:{declares}) (\w+)", made, re.MULTILINE)
    assert len(declared) == len(set(declared))
    used = set(re.findall(r"(?:va[lr] )?\w+: \[?(?:List<)?([A-Z一-鿿]\w*)", made))
    assert used - set(declared) <= {
        "String", "Double", "Long", "Boolean", "Int", "Bool", "JsonElement", "JsonObject", "Analytics",
        "Tracker", "Codable", "CodingKey", "T", "P", "Encoder", "Decoder",
    }  # fmt: skip
