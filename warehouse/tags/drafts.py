"""A rule as a form has it: a flat list of conditions, all or any of which hold; and as YAML, both ways."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec
import yaml

from warehouse.tags.errors import BadTags
from warehouse.tags.reading import read_tags
from warehouse.tags.rules import Tag

MOST_PARTS: Final = 8
# What each kind of condition is told by, in this order; the first is what it is about.
FIELDS: Final[Mapping[str, tuple[str, ...]]] = {
    "did": ("event", "at_least", "at_most", "within", "sum"),
    "did_not": ("event", "within"),
    "last": ("event", "ago", "without"),
    "sequence": ("events", "within"),
    "fell": ("event", "by", "within", "least"),
    "rose": ("event", "by", "within", "least"),
    "attribute": ("filter",),
}
_ABOUT: Final = ("event", "events", "filter")
_NUMBERS: Final = ("at_least", "at_most", "by", "least")


class Part(msgspec.Struct, frozen=True):
    """One condition: its kind, and its fields as texts; `events` has one a line."""

    kind: str = "did"
    fields: Mapping[str, str] = {}


class Draft(msgspec.Struct, frozen=True):
    """A rule in a form. `match`: all or any of the parts."""

    name: str = ""
    description: str = ""
    match: str = "all"
    parts: tuple[Part, ...] = (Part(),)


def text_of(draft: Draft) -> str:
    """The rule as YAML, such as a file of rules holds it."""
    conditions = [_said(one) for one in draft.parts[:MOST_PARTS]]
    match = draft.match if draft.match in ("all", "any") else "all"
    when = conditions[0] if len(conditions) == 1 else {match: conditions}
    return written(draft.name, {"description": draft.description, "when": when})


def written(name: str, rule: Mapping[str, Any]) -> str:
    """One tag as YAML."""
    shown = {key: rule[key] for key in ("description", "when") if rule.get(key)}
    text: str = yaml.dump(
        {"tags": {name: shown}}, Dumper=_Flowing, allow_unicode=True, sort_keys=False, width=100
    )
    return text


def one_tag(text: str) -> Tag:
    """The one tag of a YAML text. BadTags where there are more, or it will not do."""
    found = read_tags(text)
    if len(found) != 1:
        raise BadTags(f"there are {len(found)} tags; one at a time would do here")
    return found[0]


def draft_of(tag: Tag) -> Draft | None:
    """The tag in a form; None where its conditions are deeper, or more, than a form has."""
    rule = msgspec.json.decode(tag.text)
    when = rule["when"]
    match = next((one for one in ("all", "any") if one in when), None)
    said = when[match] if match else [when]
    parts = [_part(one) for one in said]
    known = tuple(one for one in parts if one is not None)
    if len(known) < len(parts) or len(parts) > MOST_PARTS:
        return None
    return Draft(tag.name, rule["description"], match or "all", known)


def _said(part: Part) -> dict[str, Any]:
    """A condition as YAML has it; what is empty is left out, numbers are numbers as far as they are."""
    kind = part.kind if part.kind in FIELDS else "did"
    found: dict[str, Any] = {}
    for name in FIELDS[kind]:
        text = part.fields.get(name, "").strip()
        if name == "events":
            found[kind] = [line.strip() for line in text.splitlines() if line.strip()]
        elif name in _ABOUT:
            found[kind] = text
        elif text:
            found[name] = _number(text) if name in _NUMBERS else text
    return found


def _part(said: Any) -> Part | None:
    """A condition in a form; None for what holds others."""
    kind = next((one for one in FIELDS if one in said), None)
    if kind is None:
        return None
    about = FIELDS[kind][0]
    fields = {name: _text(value) for name, value in said.items() if name != kind}
    fields[about] = "\n".join(said[kind]) if about == "events" else str(said[kind])
    return Part(kind, fields)


def _number(text: str) -> Any:
    try:
        number = float(text)
    except ValueError:
        return text
    return int(number) if number.is_integer() and abs(number) < 1e15 else number


def _text(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


class _Flowing(yaml.SafeDumper):
    """Writes each condition on one line, as people do."""

    def represent_mapping(self, tag: str, mapping: Any, flow_style: bool | None = None) -> yaml.MappingNode:
        kind = next((one for one in FIELDS if one in mapping), None)
        if kind is None or {"tags", "when"} & set(mapping):
            return super().represent_mapping(tag, mapping, flow_style=False)
        order = (kind, *FIELDS[kind])
        listed = sorted(mapping, key=lambda one: order.index(one) if one in order else len(order))
        ordered = {one: mapping[one] for one in listed}
        return super().represent_mapping(tag, ordered, flow_style=True)
