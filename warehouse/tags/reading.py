"""Rules of tags as people write them, in YAML.

tags:
  manual_without_enquiry:
    description: Opened the manual three times in seven days and did not enquire.
    when:
      all:
        - {did: Manual Opened, at_least: 3, within: 7d}
        - {did_not: Enquiry Sent, within: 7d}
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from typing import Any as Value
from typing import Final

import msgspec

from sdk_contract.errors import SojournError
from sdk_contract.yaml_places import YamlError, read_trees
from warehouse.insights.fields import field
from warehouse.insights.filters import Selector
from warehouse.insights.period import span
from warehouse.insights.wording import filters, selector
from warehouse.tags.errors import BadTags
from warehouse.tags.rules import All, Any, Attribute, Change, Condition, Did, Last, Not, Sequence, Tag, parts

MOST_TAGS: Final = 200
_MOST_CONDITIONS: Final = 30
_DEEPEST: Final = 8
_MOST_STEPS: Final = 10
_MOST_COUNT: Final = 1_000_000
_NAME: Final = re.compile(r"[\w][\w .-]{0,59}")
_KINDS: Final = {
    "did": {"at_least", "at_most", "within", "sum"},
    "did_not": {"within"},
    "last": {"ago", "without"},
    "sequence": {"within"},
    "fell": {"by", "within", "least"},
    "rose": {"by", "within", "least"},
    "attribute": set[str](),
    "all": set[str](),
    "any": set[str](),
    "not": set[str](),
}


def read_tags(text: str) -> list[Tag]:
    """The tags of a YAML text, by name. BadTags names the tag, the value and what would do."""
    try:
        trees = read_trees(text)
    except YamlError as error:
        raise BadTags(f"the rules cannot be read: {error}") from None
    root = trees[0].root if len(trees) == 1 else None
    if not isinstance(root, dict) or set(root) != {"tags"} or not isinstance(root["tags"], dict):
        raise BadTags("the rules are not one YAML document with `tags:` and names below it")
    if len(root["tags"]) > MOST_TAGS:
        raise BadTags(f"there are {len(root['tags'])} tags; {MOST_TAGS} would do")
    return [read_rule(name, rule) for name, rule in sorted(root["tags"].items())]


def read_rule(name: str, rule: Value) -> Tag:
    """One tag of what YAML or JSON holds of it: `description` and `when`. BadTags."""
    if not _NAME.fullmatch(name):
        raise BadTags(f"tag {name[:80]!r}: 1 to 60 letters, digits, blanks, _ - and . would do as a name")
    try:
        whole = _mapping(rule, {"when"}, {"description"})
        description = whole.get("description", "")
        if not isinstance(description, str) or len(description) > 1000:
            raise BadTags("description is no text of at most 1000 letters")
        when = _condition(whole["when"], 1)
        count = sum(1 for _ in parts(when))
        if count > _MOST_CONDITIONS:
            raise BadTags(f"when has {count} conditions; {_MOST_CONDITIONS} would do")
    except SojournError as error:
        raise BadTags(f"tag {name!r}: {error}") from None
    text = msgspec.json.encode({"description": description, "when": whole["when"]}, order="deterministic")
    return Tag(name, description, when, text.decode())


def _condition(said: Value, depth: int) -> Condition:
    if depth > _DEEPEST:
        raise BadTags(f"conditions are more than {_DEEPEST} deep; fewer would do")
    if not isinstance(said, dict):
        raise BadTags(f"{str(said)[:60]!r} is no condition; {{did: EVENT, within: 7d}} would do")
    kinds = [kind for kind in _KINDS if kind in said]
    if len(kinds) != 1:
        raise BadTags(
            f"a condition with {', '.join(map(str, said))[:80]} is not clear; one of {', '.join(_KINDS)}"
            " would do" + _near(said, _KINDS)
        )
    (kind,) = kinds
    given = _mapping(said, {kind}, _KINDS[kind])
    if kind in ("all", "any"):
        return (All if kind == "all" else Any)(tuple(_several(kind, given[kind], depth)))
    if kind == "not":
        return Not(_condition(given["not"], depth + 1))
    return _ATOMS[kind](given)


def _several(kind: str, said: Value, depth: int) -> Iterable[Condition]:
    if not isinstance(said, list) or not said:
        raise BadTags(f"{kind} takes a list of conditions")
    return [_condition(one, depth + 1) for one in said]


def _did(given: Mapping[str, Value]) -> Condition:
    event, within, amount = _event(given["did"]), _span(given, "within"), given.get("sum")
    if amount is not None and not isinstance(amount, str):
        raise BadTags(f"sum {str(amount)[:60]!r} is no field; properties.total would do")
    if amount is not None:
        _event_field(amount)
    if {"sum", "at_most"} <= given.keys():
        raise BadTags("at_most with sum will not do; `not` around `at_least` would")
    least = _number(given, "at_least", 1, whole=amount is None)
    found = Did(event, least, within, amount)
    if "at_most" not in given:
        return found
    most = _number(given, "at_most", None)
    if most < least:
        raise BadTags(f"at_most {most:g} is less than at_least {least:g}; as many or more would do")
    return All((found, Not(Did(event, most + 1, within))))


def _did_not(given: Mapping[str, Value]) -> Condition:
    return Not(Did(_event(given["did_not"]), 1, _span(given, "within")))


def _last(given: Mapping[str, Value]) -> Condition:
    without = _event(given["without"]) if "without" in given else None
    return Last(_event(given["last"]), _span(given, "ago") or 0, without)


def _sequence(given: Mapping[str, Value]) -> Condition:
    steps = given["sequence"]
    if not isinstance(steps, list) or not 2 <= len(steps) <= _MOST_STEPS:
        raise BadTags(f"sequence takes a list of 2 to {_MOST_STEPS} events")
    return Sequence(tuple(map(_event, steps)), _span(given, "within"))


def _fell(given: Mapping[str, Value]) -> Condition:
    return _change(given, "fell")


def _rose(given: Mapping[str, Value]) -> Condition:
    return _change(given, "rose")


def _change(given: Mapping[str, Value], way: Value) -> Condition:
    within = _span(given, "within")
    if within is None or "by" not in given:
        raise BadTags(f"{way} takes `by` (percent) and `within`, such as {{{way}: '*', by: 50, within: 30d}}")
    most = 100 if way == "fell" else 100_000
    share = _number(given, "by", None, whole=False)
    if not 0 < share <= most:
        raise BadTags(f"by {share:g} is no percentage; more than 0 and at most {most} would do")
    return Change(_event(given[way]), way, share / 100, within, int(_number(given, "least", 1)))


def _attribute(given: Mapping[str, Value]) -> Condition:
    said = given["attribute"]
    found = filters(said) if isinstance(said, str) else ()
    if not found:
        raise BadTags(f"attribute {str(said)[:60]!r} is no filter; 'plan = pro' would do")
    conditions = tuple(Attribute(one) for one in found)
    return conditions[0] if len(conditions) == 1 else All(conditions)


_ATOMS: Final[dict[str, Callable[[Mapping[str, Value]], Condition]]] = {
    "did": _did,
    "did_not": _did_not,
    "last": _last,
    "sequence": _sequence,
    "fell": _fell,
    "rose": _rose,
    "attribute": _attribute,
}


def _event(said: Value) -> Selector:
    if not isinstance(said, str):
        raise BadTags(f"{str(said)[:60]!r} is no event; Order Completed or page:Pricing would do")
    found = selector(said)
    for one in found.where:
        _event_field(one.field)
    return found


def _event_field(name: str) -> None:
    if field(name).source == "customer":
        raise BadTags(f"{name[:60]!r} is not of the event; {{attribute: 'plan = pro'}} asks of the customer")


def _span(given: Mapping[str, Value], name: str) -> int | None:
    if name not in given:
        return None
    if not isinstance(given[name], str):
        raise BadTags(f"{name} {str(given[name])[:40]!r} is no length of time; 7d or 24h would do")
    return span(name, given[name])


def _number(given: Mapping[str, Value], name: str, default: float | None, *, whole: bool = True) -> float:
    value = given.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise BadTags(f"{name} {str(value)[:40]!r} is no number")
    least = 1 if name in ("at_least", "least") and whole else 0
    if not least <= value <= _MOST_COUNT * (1 if whole else 1_000_000) or (whole and value != int(value)):
        raise BadTags(f"{name} {value} will not do; a whole number from {least} to {_MOST_COUNT:,} would")
    return value


def _mapping(said: Value, needed: set[str], also: set[str]) -> dict[str, Value]:
    if not isinstance(said, dict):
        raise BadTags(f"{str(said)[:60]!r} does not have {' and '.join(sorted(needed))}")
    known = needed | also
    if strange := [name for name in said if name not in known]:
        raise BadTags(
            f"{str(strange[0])[:60]!r} is not known there; {', '.join(sorted(known))} would do"
            + _near(strange, known)
        )
    if missing := needed - said.keys():
        raise BadTags(f"{missing.pop()!r} is missing")
    return said


def _near(said: Iterable[Value], known: Iterable[str]) -> str:
    found = [near for one in said for near in get_close_matches(str(one), [*known], 1, 0.6)]
    return f"; near it: {found[0]!r}" if found else ""
