"""Where values stand that a plan marks: personal data by class, values to clean by kind.

A path is a tuple of keys below the properties (or traits), "*" for every item of a list.
"""

from collections.abc import Iterable, Iterator
from typing import Any, Final, TypeAlias

from sdk_contract.plan.model import CLEAN_KINDS, PII_CLASSES, RESOLVE_RULES, Schema
from sdk_contract.plan.schemas import BadSchema

Path: TypeAlias = tuple[str, ...]

_BY_TYPE: Final = {"number": "number", "integer": "integer", "boolean": "boolean"}
_BY_CLASS: Final = {"email": "email", "phone": "phone"}
_ALSO: Final = ("allOf", "anyOf", "oneOf")
_BRANCHES: Final = ("if", "then", "else")
# Keywords whose schemas are about values that no path names; a mark in them would never be seen.
_NAMELESS: Final = (
    "additionalProperties", "patternProperties", "prefixItems", "contains", "propertyNames",
    "unevaluatedProperties", "unevaluatedItems", "dependentSchemas", "not",
)  # fmt: skip


class Marks:
    """The marks of one schema; raises BadSchema for one that is unknown or would never be seen."""

    def __init__(self, schema: Schema) -> None:
        self._root = schema
        self.pii: dict[Path, str] = {}
        self.cleaners: dict[Path, str] = {}
        self._walk(schema, (), (), ())

    def _walk(self, schema: Any, at: tuple[Any, ...], path: Path, refs: tuple[str, ...]) -> None:
        if not isinstance(schema, dict):
            return
        self._note(schema, at, path)
        for keyword in _NAMELESS:
            _refuse_marks(schema.get(keyword), (*at, keyword))
        for name, part in _members(schema.get("properties")):
            self._walk(part, (*at, "properties", name), (*path, name), refs)
        self._walk(schema.get("items"), (*at, "items"), (*path, "*"), refs)
        for keyword in _ALSO:
            for index, part in enumerate(_items(schema.get(keyword))):
                self._walk(part, (*at, keyword, index), path, refs)
        for keyword in _BRANCHES:
            self._walk(schema.get(keyword), (*at, keyword), path, refs)
        self._follow(schema.get("$ref"), at, path, refs)

    def _follow(self, ref: Any, at: tuple[Any, ...], path: Path, refs: tuple[str, ...]) -> None:
        if not isinstance(ref, str):
            return
        target = resolve(self._root, ref)
        if ref in refs:
            if any(True for _ in _marks(target)):
                raise BadSchema(at, "x-pii and x-clean cannot stand in a schema that contains itself")
            return
        self._walk(target, at, path, (*refs, ref))

    def _note(self, schema: Schema, at: tuple[Any, ...], path: Path) -> None:
        of_class, kind = schema.get("x-pii"), schema.get("x-clean")
        if of_class is not None:
            _check_mark(of_class, PII_CLASSES, (*at, "x-pii"))
            self.pii[path] = of_class
        if kind is not None:
            _check_mark(kind, CLEAN_KINDS, (*at, "x-clean"))
            self.cleaners[path] = kind
        elif path not in self.cleaners and (plain := _plain_kind(schema)):
            self.cleaners[path] = plain
        if "x-resolve" in schema:
            _check_resolve(schema["x-resolve"], (*at, "x-resolve"))
        if (of_class or kind) and not path:
            raise BadSchema(at, "x-pii and x-clean belong to a property")


def _check_resolve(value: Any, at: tuple[Any, ...]) -> None:
    """How one of a customer's values of a trait is chosen: a rule, or sources, the best first."""
    if value in RESOLVE_RULES:
        return
    if not (isinstance(value, list) and value and all(isinstance(name, str) and name for name in value)):
        known = ", ".join(RESOLVE_RULES)
        raise BadSchema(at, f"{value!r} will not do; one of {known}, or a list of sources, the best first")


def resolve(root: Schema, ref: str) -> Any:
    """The part of a schema that a reference of the form `#/…` names; None where there is none."""
    if ref == "#":
        return root
    found: Any = root
    for step in ref.removeprefix("#/").split("/"):
        step = step.replace("~1", "/").replace("~0", "~")
        if not isinstance(found, dict) or step not in found:
            return None
        found = found[step]
    return found


def _plain_kind(schema: Schema) -> str | None:
    """How a value is cleaned of which only the type or the class is said."""
    if (by_class := _BY_CLASS.get(schema.get("x-pii", ""))) is not None:
        return by_class
    of_type = schema.get("type")
    types = [of_type] if isinstance(of_type, str) else _items(of_type)
    types = [name for name in types if name != "null"]
    return _BY_TYPE.get(types[0]) if len(types) == 1 else None


def _refuse_marks(schema: Any, at: tuple[Any, ...]) -> None:
    for path in _marks(schema):
        raise BadSchema((*at, *path), f"a value that {at[-1]} describes has no path; name the property")


def _marks(schema: Any) -> Iterator[tuple[Any, ...]]:
    if isinstance(schema, dict):
        for name, part in schema.items():
            if name in ("x-pii", "x-clean"):
                yield (name,)
            yield from ((name, *path) for path in _marks(part))
    if isinstance(schema, list):
        for index, part in enumerate(schema):
            yield from ((index, *path) for path in _marks(part))


def _check_mark(given: Any, known: tuple[str, ...], at: tuple[Any, ...]) -> None:
    if given not in known:
        raise BadSchema(at, f"{given!r} is unknown; one of {', '.join(known)} would do")


def _members(value: Any) -> Iterable[tuple[str, Any]]:
    return value.items() if isinstance(value, dict) else ()


def _items(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
