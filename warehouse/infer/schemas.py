"""From what was seen to a JSON Schema that says so, with a comment for each property."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from warehouse.infer.personal import class_of_name
from warehouse.infer.seen import MOST_TEXTS, PATTERNS, Seen

COMMENT = "#"
_ENUM_LEAST, _FORM_LEAST, _CLASS_LEAST, _CLASS_SHARE = 200, 20, 10, 0.9
# Few different ones of these were seen by chance: they are not a closed list.
_OPEN = re.compile(
    r"(.*_)?(id|ids|name|title|url|uri|path|query|search|referrer|text|message|token|number|no|code|key|slug|sku)"
    r"|.*(编号|名称|标题)"
)


class Rules(Struct, frozen=True):
    """How much has to be seen: `required` is the share of objects with a field that makes it required,
    `least` the share below which a field or a type is left out; `closed`: short lists become enums.
    """

    required: float = 0.995
    least: float = 0.001
    closed: bool = True


LOOSE = Rules(required=1.0, least=0.0, closed=False)


def schema_of(seen: Seen, rules: Rules, *, of_person: bool = False) -> dict[str, Any]:
    """The schema of the objects that were seen; {} where nothing was."""
    if not seen.fields or seen.is_map:
        return {"type": "object"} if seen.fields else {}
    objects = seen.types["object"]
    kept = {
        name: inner for name, inner in sorted(seen.fields.items()) if inner.times >= rules.least * objects
    }
    schema: dict[str, Any] = {"type": "object"}
    if rare := sorted(seen.fields.keys() - kept.keys()):
        schema[COMMENT] = "hardly ever seen, and left out: " + ", ".join(rare)
    if required := [name for name, inner in kept.items() if inner.times >= rules.required * objects]:
        schema["required"] = required
    schema["properties"] = {
        name: _property(name, inner, rules, of_person) | {COMMENT: _said(inner, objects)}
        for name, inner in kept.items()
    }
    return schema


def _property(name: str, seen: Seen, rules: Rules, of_person: bool) -> dict[str, Any]:
    types = _types(seen, rules)
    if types in ([], ["null"]):
        return {}
    schema: dict[str, Any] = {"type": types[0] if len(types) == 1 else types}
    schema |= _inside(name, seen, rules, of_person, types)
    if set(types) <= {"string", "null"} and "string" in types:
        schema = _text(name, seen, rules, schema, of_person)
    elif "string" in types and (of_class := _class(name, seen, of_person)):
        schema["x-pii"] = of_class
    return schema


def _types(seen: Seen, rules: Rules) -> list[str]:
    """The types that values had, the most frequent first; null is never too rare."""
    found = [
        name
        for name, times in seen.types.most_common()
        if name == "null" or times >= rules.least * seen.times
    ]
    both = {"integer", "number"} <= set(found)
    kept = [name for name in found if not (both and name == "integer")]
    return sorted(kept, key=lambda name: name == "null")


def _said(seen: Seen, objects: int) -> str:
    """In how many objects a field was, and what is behind more types than one."""
    types = [name for name, _ in seen.types.most_common()]
    several = ", ".join(f"{name} {_percent(seen.types[name], seen.times)}" for name in types)
    if types == ["null"]:
        return f"{_share(seen.times, objects)}, always null"
    return _share(seen.times, objects) + (f"; {several}" if len(types) > 1 else "")


def _inside(name: str, seen: Seen, rules: Rules, of_person: bool, types: list[str]) -> Mapping[str, Any]:
    inside: dict[str, Any] = {}
    if "object" in types:
        inside |= {
            word: part for word, part in schema_of(seen, rules, of_person=of_person).items() if word != "type"
        }
    if (
        "array" in types
        and seen.items is not None
        and (item := _property(name, seen.items, rules, of_person))
    ):
        inside["items"] = item
    return inside


def _text(name: str, seen: Seen, rules: Rules, schema: dict[str, Any], of_person: bool) -> dict[str, Any]:
    texts = seen.types["string"]
    of_class = _class(name, seen, of_person)
    if of_class is not None:
        schema["x-pii"] = of_class
    if seen.treated or texts < _FORM_LEAST:
        return schema
    form = next((form for form in PATTERNS if seen.forms[form] == texts), None)
    if form is not None and rules.closed:
        return schema | {"pattern": PATTERNS[form]}
    if rules.closed and of_class is None and _is_closed(name, seen):
        return {"enum": [*sorted(seen.texts), *([None] if seen.types["null"] else [])]}
    return schema


def _is_closed(name: str, seen: Seen) -> bool:
    few = len(seen.texts) <= MOST_TEXTS and seen.types["string"] >= _ENUM_LEAST
    short = all(len(text) <= 64 and text.isprintable() for text in seen.texts)
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).casefold()
    return few and short and not _OPEN.fullmatch(snake)


def _class(name: str, seen: Seen, of_person: bool) -> str | None:
    named = class_of_name(name, of_person=of_person and seen.depth == 1)
    if named is not None:
        return named
    for of_class, times in seen.classes.most_common(1):
        if times >= _CLASS_LEAST and times >= _CLASS_SHARE * seen.classified:
            return of_class
    return None


def _share(times: int, of: int) -> str:
    return "in all" if times == of else f"in {_percent(times, of)}"


def _percent(times: int, of: int) -> str:
    share = 100 * times / of
    return f"{share:.0f} %" if 1 <= share < 99.5 else f"{share:.2f} %"
