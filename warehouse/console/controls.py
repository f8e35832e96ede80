"""A question's fields as a form's controls, made from the question's own types."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal

import msgspec

from warehouse.insights.question import Question
from warehouse.insights.reading import is_list, plain

Kind = Literal["text", "number", "choice", "flag", "list"]
# What one looks at first, beside what the question is about.
_FIRST: Final = ("steps", "start", "returns", "measure", "every", "within", "by", "since", "until")
_LAST: Final = ("project", "timezone", "unit", "where", "bots")
# Names of events are known, and offered while one types.
_EVENTS: Final = (
    "event",
    "events",
    "steps",
    "start",
    "end",
    "returns",
    "exclude",
    "per",
    "opened",
    "answered",
    "resolved",
)


class Control(msgspec.Struct, frozen=True):
    """One field; `value` is what stands in it, a line each where it is a list; `first`: shown at once."""

    name: str
    kind: Kind
    value: str
    default: str
    hint: str
    choices: Sequence[str]
    first: bool
    events: bool


def controls(of: type[Question], given: Mapping[str, Sequence[str]]) -> list[Control]:
    """The controls of a question, what it is about first; `given` are the texts of its address."""
    found = [_control(field, of, given.get(field.name, ())) for field in msgspec.structs.fields(of)]
    order = (of.positional, *_FIRST)
    return sorted(
        found, key=lambda one: (one.name in _LAST, order.index(one.name) if one.name in order else 99)
    )


def _control(field: msgspec.structs.FieldInfo, of: type[Question], texts: Sequence[str]) -> Control:
    kind = plain(field.type)
    choices = _choices(kind)
    default = _text(field.default)
    return Control(
        name=field.name,
        kind=_kind(field, kind, choices),
        value="\n".join(texts),
        default=default,
        hint=_hint(field),
        choices=choices,
        first=field.name == of.positional or field.name in _FIRST,
        events=field.name in _EVENTS,
    )


def _kind(field: msgspec.structs.FieldInfo, kind: msgspec.inspect.Type, choices: Sequence[str]) -> Kind:
    if isinstance(kind, msgspec.inspect.BoolType):
        return "flag"
    if choices:
        return "choice"
    if is_list(field.type):
        return "list"
    number = (msgspec.inspect.IntType, msgspec.inspect.FloatType)
    return "number" if any(isinstance(one, number) for one in _parts(kind)) else "text"


def _parts(kind: msgspec.inspect.Type) -> Sequence[msgspec.inspect.Type]:
    return kind.types if isinstance(kind, msgspec.inspect.UnionType) else (kind,)


def _choices(kind: msgspec.inspect.Type) -> Sequence[str]:
    for one in _parts(kind):
        if isinstance(one, msgspec.inspect.LiteralType):
            return [str(value) for value in one.values]
    return ()


def _text(default: Any) -> str:
    if default in (None, (), False, msgspec.NODEFAULT):
        return ""
    return "\n".join(map(str, default)) if isinstance(default, tuple) else str(default)


def _hint(field: msgspec.structs.FieldInfo) -> str:
    info = msgspec.inspect.type_info(field.type)
    schema = info.extra_json_schema if isinstance(info, msgspec.inspect.Metadata) else None
    return str((schema or {}).get("description", ""))
