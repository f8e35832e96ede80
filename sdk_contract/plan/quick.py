"""A JSON Schema as a typed decoder that takes good events at the speed of C.

What the decoder accepts, the schema accepts; what it refuses is still open. A schema that cannot be said in
types has no decoder.
"""

import operator
from collections.abc import Callable, Iterable, Mapping
from functools import reduce
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import UNSET, Meta, Raw, UnsetType

from sdk_contract.plan.marks import resolve
from sdk_contract.plan.model import Schema
from sdk_contract.plan.patterns import narrowed

Accepts = Callable[[bytes], object]

_SAYS_NOTHING: Final = frozenset(
    (
        *("title", "description", "default", "examples", "deprecated", "readOnly", "writeOnly", "format"),
        *("$comment", "$defs", "$schema", "x-pii", "x-clean", "x-resolve"),
    )
)
_OF_TEXT: Final = frozenset(("minLength", "maxLength", "pattern"))
_OF_NUMBERS: Final = frozenset(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"))
_OF_LISTS: Final = frozenset(("items", "minItems", "maxItems"))
_OF_OBJECTS: Final = frozenset(("properties", "required", "additionalProperties"))
_BOUNDS: Final = {"minimum": "ge", "maximum": "le", "exclusiveMinimum": "gt", "exclusiveMaximum": "lt"}
# Floats hold integers exactly up to here.
_EXACT: Final = 2**53
_DEEPEST, _MOST_STRUCTS = 20, 100


class _Inexpressible(Exception):
    """The schema says something that no type says."""


def decoder(schema: Schema) -> Accepts | None:
    """A function that returns for the JSON texts of good objects and raises msgspec.DecodeError for others.

    None where the schema cannot be said in types.
    """
    try:
        of_object = _Writer(schema).object(schema)
        return msgspec.json.Decoder(of_object).decode
    except (_Inexpressible, TypeError, ValueError, OverflowError):
        return None


class _Writer:
    """Writes the types of one schema; `root` is where references begin."""

    def __init__(self, root: Schema) -> None:
        self.root = root
        self.structs = 0

    def object(self, schema: Any, depth: int = 0) -> Any:
        """The type of a schema of which it is known that the value is an object."""
        schema = self._plain(schema)
        if schema.get("type", "object") not in ("object", ["object"]):
            raise _Inexpressible
        _allow(schema, _OF_OBJECTS)
        return self._struct(schema, depth)

    def type(self, schema: Any, depth: int) -> Any:
        if schema is True or schema == {}:
            return Raw
        if depth > _DEEPEST:
            raise _Inexpressible
        schema = self._plain(schema)
        if "enum" in schema or "const" in schema:
            return _choice(schema)
        names = _types(schema)
        if not names:
            return Raw
        _allow(schema, reduce(operator.or_, (_KEYWORDS[name] for name in names)))
        return reduce(operator.or_, (self._one(name, schema, depth) for name in names))

    def _one(self, name: str, schema: Schema, depth: int) -> Any:
        if name == "string":
            return _text(schema)
        if name in ("integer", "number"):
            return _number(schema, int if name == "integer" else float)
        if name == "array":
            limits = {"min_length": schema.get("minItems"), "max_length": schema.get("maxItems")}
            return _limited(list[self.type(schema.get("items", True), depth + 1)], limits)  # type: ignore[misc]
        if name == "object":
            return self._struct(schema, depth)
        return bool if name == "boolean" else None

    def _struct(self, schema: Schema, depth: int) -> Any:
        self.structs += 1
        if self.structs > _MOST_STRUCTS:
            raise _Inexpressible  # a schema that contains itself is without end
        more = schema.get("additionalProperties", True)
        properties, required = schema.get("properties", {}), schema.get("required", [])
        if more not in (True, False, {}):
            raise _Inexpressible
        names = dict.fromkeys([*properties, *required])
        if more is False and set(required) - set(properties):
            raise _Inexpressible
        fields: list[tuple[str, Any] | tuple[str, Any, Any]] = []
        for number, name in enumerate(names):
            of_type = self.type(properties.get(name, True), depth + 1)
            needed = name in required
            fields.append((f"f{number}", of_type) if needed else (f"f{number}", of_type | UnsetType, UNSET))
        return msgspec.defstruct(
            "Planned",
            fields,
            rename={f"f{number}": name for number, name in enumerate(names)},
            forbid_unknown_fields=more is False,
            kw_only=True,
            gc=False,
        )

    def _plain(self, schema: Any) -> Schema:
        """The schema without what says nothing, a reference followed."""
        for _ in range(_DEEPEST):
            if not isinstance(schema, dict):
                raise _Inexpressible
            said: Schema = {name: part for name, part in schema.items() if name not in _SAYS_NOTHING}
            if "$ref" not in said:
                return said
            if len(said) > 1:
                raise _Inexpressible
            schema = resolve(self.root, said["$ref"])
        raise _Inexpressible


_KEYWORDS: Final[Mapping[str, frozenset[str]]] = {
    "string": _OF_TEXT,
    "integer": _OF_NUMBERS,
    "number": _OF_NUMBERS,
    "array": _OF_LISTS,
    "object": _OF_OBJECTS,
    "boolean": frozenset(),
    "null": frozenset(),
}


def _types(schema: Schema) -> list[str]:
    """The types that are taken: those that are named, or those that the other keywords are about."""
    given = schema.get("type")
    if given is not None:
        names = [given] if isinstance(given, str) else list(given)
        return [name for name in names if not (name == "integer" and "number" in names)]
    about = [name for name in ("string", "number", "array", "object") if _KEYWORDS[name] & schema.keys()]
    if not about and schema:
        raise _Inexpressible
    return about


def _choice(schema: Schema) -> Any:
    """One of some texts, integers or null; others are numbers by value and not by writing."""
    if schema.keys() - {"enum", "const", "type"} or {"enum", "const"} <= schema.keys():
        raise _Inexpressible
    values = schema["enum"] if "enum" in schema else [schema["const"]]
    if any(type(value) not in (str, int, type(None)) for value in values):
        raise _Inexpressible
    if any(type(value) is int and abs(value) > _EXACT for value in values):
        raise _Inexpressible
    names = _types({"type": schema["type"]}) if "type" in schema else ["string", "number", "null"]
    kept = [value for value in values if _NAMES[type(value)] & set(names)]
    if not kept:
        raise _Inexpressible
    return Literal[tuple(kept)]


_NAMES: Final = {str: {"string"}, int: {"integer", "number"}, type(None): {"null"}}


def _text(schema: Schema) -> Any:
    limits = {"min_length": schema.get("minLength"), "max_length": schema.get("maxLength")}
    if "pattern" in schema:
        limits["pattern"] = narrowed(schema["pattern"])
        if limits["pattern"] is None:
            raise _Inexpressible
    return _limited(str, limits)


def _number(schema: Schema, of_type: type[int] | type[float]) -> Any:
    limits: dict[str, Any] = {}
    for keyword, word in _BOUNDS.items():
        if keyword in schema:
            bound = schema[keyword]
            if not abs(bound) < _EXACT or (of_type is int and bound != int(bound)):
                raise _Inexpressible
            limits[word] = of_type(bound)
    if {"ge", "gt"} <= limits.keys() or {"le", "lt"} <= limits.keys():
        raise _Inexpressible
    return _limited(of_type, limits)


def _limited(of_type: Any, limits: Mapping[str, Any]) -> Any:
    limits = {name: limit for name, limit in limits.items() if limit is not None}
    return Annotated[of_type, Meta(**limits)] if limits else of_type


def _allow(schema: Schema, keywords: Iterable[str]) -> None:
    if schema.keys() - {"type", *keywords}:
        raise _Inexpressible
