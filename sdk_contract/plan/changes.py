"""What has changed from one JSON Schema to another, and whether events that were good still are."""

from collections.abc import Iterator
from typing import Any, Final, Literal, TypeAlias

import msgspec
from msgspec import Struct

from sdk_contract.plan.marks import resolve
from sdk_contract.plan.model import Schema
from sdk_contract.plan.schemas import refers

Level: TypeAlias = Literal["major", "minor", "patch"]

_ALL_TYPES: Final = frozenset(("array", "boolean", "integer", "null", "number", "object", "string"))
_LOWEST: Final = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties", "minContains")
_HIGHEST: Final = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties", "maxContains")
_WORDS_ALONE: Final = (
    "title", "description", "default", "examples", "deprecated", "readOnly", "writeOnly", "format",
    "$comment", "$schema", "$id", "contentEncoding", "contentMediaType", "contentSchema",
)  # fmt: skip
_TREATMENT: Final = ("x-pii", "x-clean")
_DEEPEST: Final = 50
_KNOWN: Final = frozenset(
    (
        *(*_LOWEST, *_HIGHEST, *_WORDS_ALONE, *_TREATMENT),
        *("type", "enum", "const", "required", "properties", "items", "additionalProperties", "$defs"),
    )
)


class Change(Struct, frozen=True):
    """One difference: `major` can break senders or readers, `minor` adds or allows, `patch` is words."""

    level: Level
    place: str
    text: str


class Comparison:
    """Compares two whole schemas; `place` is what the changes are said of."""

    def __init__(self, old: Schema, new: Schema, place: str) -> None:
        self._roots = old, new
        self._place = place
        self._followed: set[tuple[str, str]] = set()

    def changes(self) -> Iterator[Change]:
        yield from self._compare(self._roots[0], self._roots[1], "")

    def _compare(self, old: Any, new: Any, at: str) -> Iterator[Change]:
        refs = _ref(old), _ref(new)
        if refs in self._followed:
            return
        if all(refs):
            self._followed.add(refs)
        if at.count(".") + at.count("[]") > _DEEPEST:
            yield self._change("major", at, "contains itself, and cannot be compared")
            return
        old, new = (_merged(schema, root) for schema, root in zip((old, new), self._roots, strict=True))
        if old == new and not refers(old):
            return
        if old is False or new is False:
            yield from self._closed(old, new, at)
            return
        yield from self._types(old, new, at)
        yield from self._choices(old, new, at)
        yield from self._limits(old, new, at)
        yield from self._required(old, new, at)
        yield from self._properties(old, new, at)
        yield from self._others(old, new, at)
        if "items" in old or "items" in new:
            yield from self._compare(old.get("items", {}), new.get("items", {}), f"{at}[]")

    def _closed(self, old: Any, new: Any, at: str) -> Iterator[Change]:
        if old is not new:
            yield self._change(
                *(("major", at, "is refused now") if new is False else ("minor", at, "is taken now"))
            )

    def _types(self, old: Schema, new: Schema, at: str) -> Iterator[Change]:
        before, now = _types(old), _types(new)
        if before != now:
            words = f"type {_said(old)}, now {_said(new)}"
            yield self._change("minor" if before <= now else "major", at, words)

    def _choices(self, old: Schema, new: Schema, at: str) -> Iterator[Change]:
        before, now = _choices(old), _choices(new)
        if before is None or now is None:
            if now is not None:
                yield self._change("major", at, f"only {', '.join(sorted(now))} now")
            elif before is not None:
                yield self._change("minor", at, "more than a few values now")
            return
        if before - now:
            yield self._change("major", at, f"no longer {', '.join(sorted(before - now))}")
        if now - before:
            yield self._change("minor", at, f"also {', '.join(sorted(now - before))}")

    def _limits(self, old: Schema, new: Schema, at: str) -> Iterator[Change]:
        for word in (*_LOWEST, *_HIGHEST):
            before, now = old.get(word), new.get(word)
            if before == now:
                continue
            narrower = now is not None and (
                before is None or (now > before if word in _LOWEST else now < before)
            )
            yield self._change("major" if narrower else "minor", at, _moved(word, before, now))

    def _required(self, old: Schema, new: Schema, at: str) -> Iterator[Change]:
        before, now = set(old.get("required", ())), set(new.get("required", ()))
        for name in sorted(now - before):
            yield self._change("major", f"{at}.{name}", "required now")
        for name in sorted(before - now):
            yield self._change("minor", f"{at}.{name}", "no longer required")

    def _properties(self, old: Schema, new: Schema, at: str) -> Iterator[Change]:
        before, now = old.get("properties", {}), new.get("properties", {})
        for name in sorted(before.keys() | now.keys()):
            if name not in now:
                yield self._change("major", f"{at}.{name}", "no longer planned")
            elif name not in before:
                yield self._change("minor", f"{at}.{name}", "new")
            else:
                yield from self._compare(before[name], now[name], f"{at}.{name}")
        was, more = old.get("additionalProperties", True), new.get("additionalProperties", True)
        if was != more:
            what = "others are no longer taken" if more is False else "others are taken otherwise"
            yield self._change("minor" if more in (True, {}) or was is False else "major", at, what)

    def _others(self, old: Schema, new: Schema, at: str) -> Iterator[Change]:
        for word in sorted(old.keys() | new.keys()):
            before, now = old.get(word), new.get(word)
            if before == now:
                continue
            if word in _WORDS_ALONE:
                yield self._change("patch", at, f"{word} changed")
            elif word in _TREATMENT:
                yield self._change("minor", at, _moved(word, before, now))
            elif word not in _KNOWN:
                removed = word not in new and word != "not"
                yield self._change("minor" if removed else "major", at, _moved(word, before, now))

    def _change(self, level: Level, at: str, text: str) -> Change:
        return Change(level, f"{self._place}{at}", text)


def _ref(schema: Any) -> str:
    return schema.get("$ref", "") if isinstance(schema, dict) else ""


def _merged(schema: Any, root: Schema) -> Any:
    """A schema with what its reference names beside its own words; True is {}."""
    for _ in range(20):
        if schema is True or schema is None:
            return {}
        if not isinstance(schema, dict) or "$ref" not in schema:
            return schema
        own = {word: part for word, part in schema.items() if word not in ("$ref", "$defs")}
        target = resolve(root, schema["$ref"])
        schema = {**target, **own} if isinstance(target, dict) else target
    return schema


def _types(schema: Schema) -> frozenset[str]:
    given = schema.get("type")
    if given is None:
        return _ALL_TYPES
    names = {given} if isinstance(given, str) else set(given)
    return frozenset(names | {"integer"} if "number" in names else names)


def _said(schema: Schema) -> str:
    given = schema.get("type", "any")
    return given if isinstance(given, str) else " or ".join(given)


def _choices(schema: Schema) -> set[str] | None:
    if "const" in schema:
        return {_json(schema["const"])}
    return {_json(value) for value in schema["enum"]} if "enum" in schema else None


def _moved(word: str, before: Any, now: Any) -> str:
    if before is None:
        return f"{word} {_json(now)} is new"
    return f"{word} {_json(before)} is gone" if now is None else f"{word} {_json(before)}, now {_json(now)}"


def _json(value: Any) -> str:
    text = msgspec.json.encode(value).decode()
    return text if len(text) < 60 else f"{text[:57]}…"
