"""The keywords of JSON Schema 2020-12, so that a word that is none is not passed over in silence."""

from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any, Final

from sdk_contract.plan.model import Schema

_ONE: Final = (
    "additionalProperties", "unevaluatedProperties", "propertyNames", "items", "contains", "unevaluatedItems",
    "not", "if", "then", "else",
)  # fmt: skip
_MANY: Final = ("properties", "patternProperties", "dependentSchemas", "$defs")
_LISTS: Final = ("allOf", "anyOf", "oneOf", "prefixItems")
_OTHERS: Final = (
    "type", "enum", "const", "required", "dependentRequired", "pattern", "minLength", "maxLength", "format",
    "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minItems", "maxItems",
    "uniqueItems", "minContains", "maxContains", "minProperties", "maxProperties", "$ref", "$anchor",
    "$dynamicRef", "$dynamicAnchor", "$id", "$schema", "$comment", "$vocabulary", "title", "description",
    "default", "examples", "deprecated", "readOnly", "writeOnly", "contentEncoding", "contentMediaType",
    "contentSchema",
)  # fmt: skip
KEYWORDS: Final = frozenset((*_ONE, *_MANY, *_LISTS, *_OTHERS))


def parts(schema: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Schema]]:
    """A schema and all schemas inside it, each with its path; references are not followed."""
    if not isinstance(schema, dict):
        return
    yield at, schema
    for word, part in schema.items():
        if word in _ONE:
            yield from parts(part, (*at, word))
        elif word in _MANY and isinstance(part, dict):
            for name, inner in part.items():
                yield from parts(inner, (*at, word, name))
        elif word in _LISTS and isinstance(part, list):
            for index, inner in enumerate(part):
                yield from parts(inner, (*at, word, index))


_OURS: Final = ("x-pii", "x-clean", "x-resolve")


def strange_words(schema: Schema) -> Iterator[tuple[tuple[Any, ...], str]]:
    """Words of a schema that mean nothing in it: the path of each, and what would do."""
    for at, part in parts(schema):
        for word in part:
            if word not in KEYWORDS and not word.startswith("x-"):
                yield (*at, word), f"{word!r} is no word of JSON Schema{_near(word)}"
            elif word.startswith("x-") and word not in _OURS and _near(word):
                yield (*at, word), f"{word!r} means nothing{_near(word)}"


def _near(word: str) -> str:
    found = get_close_matches(word, [*KEYWORDS, *_OURS], 1, 0.75)
    if found:
        return f"; {found[0]} would do"
    return "; put a text that has a comma or a colon in quotes" if " " in word else ""
