"""A tracking plan as types and calls that a programming language can say."""

from collections.abc import Iterator
from typing import Any, Final

from sdk_contract.codegen.model import (
    ANYTHING,
    Basic,
    Call,
    Choice,
    Client,
    Field,
    ListOf,
    Record,
    Reference,
    Type,
    Union,
)
from sdk_contract.codegen.names import Names, words
from sdk_contract.plan.model import Plan, PlannedEvent, Schema
from sdk_contract.plan.schemas import properties_schema

_DEEPEST: Final = 20


def client(plan: Plan) -> Client:
    """Makes the types and calls of a plan: the same for equal plans, in whatever files they stood."""
    return _Reader(Plan.from_json(plan.to_json())).client()


class _Reader:
    """Collects the records of a plan while its schemas are read."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.names = Names()
        self.records: dict[str, Record] = {}
        self.shared: dict[str, str] = {}

    def client(self) -> Client:
        events = sorted(self.plan.events, key=lambda event: (event.type, event.event or ""))
        # Events have the first choice of names, so that a shared part does not rename them.
        named = [(event, self.names.type(event.title)) for event in events]
        calls = tuple(self.call(event, name) for event, name in named)
        return Client(self.plan.version, calls, tuple(self.records[name] for name in sorted(self.records)))

    def call(self, event: PlannedEvent, name: str) -> Call:
        root = properties_schema(self.plan, event)
        record = self.record(name, _merged(root, root), root, event.description)
        optional = not any(field.required for field in record.fields)
        return Call(event.type, event.event, words(event.title), name, optional, event.description)

    def record(self, name: str, schema: Schema, root: Schema, description: str) -> Record:
        required = set(schema.get("required", ()))
        properties = {**dict.fromkeys(sorted(required), True), **schema.get("properties", {})}
        fields = [
            Field(key, self.type(part, root, (name, key)), key in required, _said(part))
            for key, part in sorted(properties.items(), key=lambda item: (item[0] not in required, item[0]))
        ]
        more = schema.get("additionalProperties", True) is not False
        record = self.records[name] = Record(name, tuple(fields), more, description)
        return record

    def type(self, schema: Any, root: Schema, place: tuple[str, ...], depth: int = 0) -> Type:
        """The narrowest type that takes all that the schema takes."""
        if not isinstance(schema, dict) or depth > _DEEPEST:
            return ANYTHING
        if "$ref" in schema and not schema.keys() & {"properties", "type", "enum"}:
            return self.reference(str(schema["$ref"]), root, place, depth)
        schema = _merged(schema, root)
        if "enum" in schema or "const" in schema:
            return self.choice(schema, place)
        alternatives = schema.get("anyOf") or schema.get("oneOf")
        if alternatives and "type" not in schema and "properties" not in schema:
            return _union(self.type(part, root, place, depth + 1) for part in alternatives)
        given = schema.get("type", "object" if "properties" in schema else None)
        if given is None:
            return ANYTHING
        kinds = [given] if isinstance(given, str) else list(given)
        return _union(self.one(kind, schema, root, place, depth) for kind in kinds)

    def one(self, kind: str, schema: Schema, root: Schema, place: tuple[str, ...], depth: int) -> Type:
        if kind == "array":
            item = schema.get("items", True)
            return ListOf(self.type(item, root, (*place, "item"), depth + 1))
        if kind == "object":
            name = self.names.type(" ".join(place))
            self.record(name, schema, root, _said(schema))
            return Reference(name)
        return Basic(kind)

    def choice(self, schema: Schema, place: tuple[str, ...]) -> Type:
        values = schema["enum"] if "enum" in schema else [schema["const"]]
        if any(isinstance(value, dict | list) for value in values):
            return ANYTHING
        # 1 and true are equal in Python, not in JSON.
        unique = {(type(value), value): value for value in values}
        return Choice(self.names.type(" ".join(place)), tuple(unique.values()))

    def reference(self, to: str, root: Schema, place: tuple[str, ...], depth: int) -> Type:
        """Objects of the plan's shared parts are one record wherever they are used."""
        name = to.removeprefix("#/$defs/")
        part = root.get("$defs", {}).get(name) if to.startswith("#/$defs/") else None
        if part is None:
            return ANYTHING
        if part != self.plan.properties.get(name) or part.get("type") != "object":
            return self.type(part, root, place, depth + 1)
        if name not in self.shared:
            self.shared[name] = self.names.type(name)
            self.record(self.shared[name], _merged(part, root), root, _said(part))
        return Reference(self.shared[name])


def _merged(schema: Schema, root: Schema, depth: int = 0) -> Schema:
    """A schema with what it refers to and consists of, as far as types can say it."""
    parts = [part for part in schema.get("allOf", ()) if isinstance(part, dict)]
    if str(schema.get("$ref", "")).startswith("#/$defs/"):
        parts.append(root.get("$defs", {}).get(schema["$ref"].removeprefix("#/$defs/"), {}))
    if not parts or depth > _DEEPEST:
        return schema
    merged = {word: part for word, part in schema.items() if word not in ("allOf", "$ref")}
    for part in parts:
        part = _merged(part, root, depth + 1)
        for word in ("type", "enum", "const", "items", "description", "additionalProperties", "anyOf"):
            if word in part:
                merged.setdefault(word, part[word])
        merged["required"] = sorted({*merged.get("required", ()), *part.get("required", ())})
        merged["properties"] = part.get("properties", {}) | merged.get("properties", {})
    for word in ("required", "properties"):
        if not merged[word]:
            del merged[word]
    return merged


def _union(parts: Iterator[Type]) -> Type:
    flat: dict[Type, None] = {}
    for part in parts:
        flat.update(dict.fromkeys(part.parts if isinstance(part, Union) else (part,)))
    if ANYTHING in flat:
        return ANYTHING
    return next(iter(flat)) if len(flat) == 1 else Union(tuple(flat))


def _said(schema: Any) -> str:
    return str(schema.get("description", "")) if isinstance(schema, dict) else ""
