"""What is wrong with one JSON Schema: words, values, marks, and what no event can have."""

import math
from collections.abc import Iterator
from typing import Any, Final, TypeAlias

from sdk_contract.plan.keywords import parts, strange_words
from sdk_contract.plan.marks import Marks
from sdk_contract.plan.model import Schema
from sdk_contract.plan.schemas import BadSchema, validator

Place: TypeAlias = tuple[Any, ...]

_WORD: Final = 2**63  # beyond this an integer is no number that every reader of JSON knows


def wrong_parts(schema: Schema, written: Schema) -> Iterator[tuple[Place, str]]:
    """What is wrong in a schema and where; `written` is it without what was added from elsewhere."""
    if strange := list(_strange_values(written, ())):
        yield from strange
        return
    yield from strange_words(written)
    try:
        validator(schema)
        Marks(schema)
    except BadSchema as bad:
        yield bad.path, bad.text
        return
    for at, part in parts(written):
        yield from ((at + end, text) for end, text in _never(part))


def _never(schema: Schema) -> Iterator[tuple[Place, str]]:
    """What a sound schema asks for and no event can have."""
    if "type" in schema:
        of_type = validator({"type": schema["type"]})
        for index, value in enumerate(schema.get("enum", ())):
            if not of_type.is_valid(value):
                yield ("enum", index), f"{value!r} is not of type {schema['type']}, and can never be"
    if schema.get("additionalProperties") is False and "patternProperties" not in schema:
        for index, name in enumerate(schema.get("required", ())):
            if name not in schema.get("properties", {}):
                yield ("required", index), f"{name!r} is required, and additionalProperties refuses it"


def _strange_values(value: Any, at: Place) -> Iterator[tuple[Place, str]]:
    """Values that YAML can say and JSON cannot."""
    if isinstance(value, dict):
        for name, part in value.items():
            yield from _strange_values(part, (*at, name))
    elif isinstance(value, list):
        for index, part in enumerate(value):
            yield from _strange_values(part, (*at, index))
    elif isinstance(value, float) and not math.isfinite(value):
        yield at, f"{value} is no number of JSON"
    elif isinstance(value, int) and not -_WORD <= value < _WORD:
        yield at, "an integer of more than 64 bits is not read alike everywhere"
    elif value is not None and not isinstance(value, str | int | float):
        yield at, f"a value of the kind {type(value).__name__} is no JSON"
