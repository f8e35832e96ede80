"""Rules and destinations of actions as people write them, in YAML.

destinations:
  shop_hook: {kind: webhook, url: 'https://shop.example.com/hooks/sojourn', secret: shop_hook}
actions:
  cart_reminder:
    description: Left something in the cart for a day.
    when: {last: Product Added, ago: 1d, without: Order Completed}
    to: shop_hook
    consent: marketing
    holdout: 10
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from sdk_contract.errors import SojournError
from sdk_contract.yaml_places import YamlError, read_trees
from warehouse.actions import templates
from warehouse.actions.destinations import read_destination
from warehouse.actions.errors import BadAction
from warehouse.actions.rules import DAY_US, PREFIX, Cap, Destination, Message, Quiet, Rule, Trigger
from warehouse.insights.period import span
from warehouse.tags.reading import read_rule as read_tag
from warehouse.tags.rules import Tag

MOST: Final = 200
_NAME: Final = re.compile(r"\w[\w .-]{0,59}")
_KEYS: Final = {
    "description", "when", "to", "message", "cap", "cap_all", "quiet", "consent", "holdout", "late", "fields",
}  # fmt: skip
_PURPOSE: Final = re.compile(r"[\w.-]{1,100}")
_CAP: Final = re.compile(r"(\d{1,4}) per (\w+)")
_CLOCK: Final = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")
_CAP_OF_RULE, _CAP_OF_ALL = "1 per 1d", "5 per 1d"
_MOST_FIELDS: Final = 30


class Read(msgspec.Struct, frozen=True):
    """What a YAML text holds, by name."""

    rules: list[Rule]
    destinations: list[Destination]


def read_actions(text: str) -> Read:
    """The rules and destinations of a YAML text. BadAction names the rule, the value and what would do."""
    try:
        trees = read_trees(text)
    except YamlError as error:
        raise BadAction(f"the rules cannot be read: {error}") from None
    root = trees[0].root if len(trees) == 1 else None
    if not isinstance(root, dict) or not root or not set(root) <= {"actions", "destinations"}:
        raise BadAction("the rules are not one YAML document with `actions:` or `destinations:`")
    parts = {name: root.get(name) or {} for name in ("actions", "destinations")}
    for name, part in parts.items():
        if not isinstance(part, dict) or len(part) > MOST:
            raise BadAction(f"{name} is no mapping of at most {MOST} names")
    return Read(
        [read_rule(name, one) for name, one in sorted(parts["actions"].items())],
        [read_destination(name, one) for name, one in sorted(parts["destinations"].items())],
    )


def read_rule(name: str, said: Any) -> Rule:
    """One rule of what YAML or JSON holds of it. BadAction."""
    if not _NAME.fullmatch(name):
        raise BadAction(
            f"action {name[:80]!r}: 1 to 60 letters, digits, blanks, _ - and . would do as a name"
        )
    try:
        return _rule(name, said)
    except SojournError as error:
        raise BadAction(f"action {name!r}: {error}") from None


def _rule(name: str, said: Any) -> Rule:
    if not isinstance(said, dict):
        raise BadAction("it does not have `when` and `to`")
    if strange := [str(key) for key in said if key not in _KEYS]:
        near = get_close_matches(strange[0], _KEYS, 1, 0.6)
        raise BadAction(
            f"{strange[0][:60]!r} is not known there; {', '.join(sorted(_KEYS))} would do"
            + (f"; near it: {near[0]!r}" if near else "")
        )
    trigger, condition = _trigger(name, said.get("when"))
    message = _message(said.get("message", {}))
    return Rule(
        name=name,
        description=_text(said, "description", 1000),
        trigger=trigger,
        condition=condition,
        to=_text(said, "to", 60, needed=True),
        message=message,
        cap=_cap("cap", said.get("cap", _CAP_OF_RULE)),
        cap_all=_cap("cap_all", said.get("cap_all", _CAP_OF_ALL)),
        quiet=_quiet(said["quiet"]) if "quiet" in said else None,
        consent=_purpose(said),
        holdout=_percent(said.get("holdout", 0)),
        late=_late(said),
        fields=_fields(said.get("fields", [])),
        text=msgspec.json.encode(said, order="deterministic").decode(),
    )


def _trigger(name: str, said: Any) -> tuple[Trigger, Tag | None]:
    if not isinstance(said, dict):
        raise BadAction(
            "`when` is missing; {tag: NAME}, {last: Logged In, ago: 7d} or {alert: WATCH} would do"
        )
    for kind, also in (("tag", {"on"}), ("cohort", {"on"}), ("alert", {"severity"})):
        if kind in said:
            return _named(kind, said, also), None
    condition = _stuck(said) if "stuck" in said else said
    found = read_tag(name, {"description": f"What the action {name} waits for.", "when": condition})
    tag = msgspec.structs.replace(found, name=PREFIX + name)
    return Trigger("tag", tag.name), tag


def _named(kind: Any, said: Mapping[str, Any], also: set[str]) -> Trigger:
    if strange := set(said) - also - {kind}:
        raise BadAction(f"{min(strange)[:60]!r} does not go with {kind}; {', '.join(also)} would")
    on, severity = said.get("on", "entered"), said.get("severity", "warning")
    if on not in ("entered", "left"):
        raise BadAction(f"on {str(on)[:40]!r} will not do; entered or left would")
    if severity not in ("warning", "critical"):
        raise BadAction(f"severity {str(severity)[:40]!r} will not do; warning or critical would")
    return Trigger(kind, _text(said, kind, 60, needed=True), on, severity)


def _stuck(said: Mapping[str, Any]) -> dict[str, Any]:
    """Stands in the last of these steps for so long without the next: a condition of tags."""
    steps, after = said["stuck"], _text(said, "next", 300, needed=True)
    if set(said) != {"stuck", "next", "over"} or not isinstance(steps, list) or not steps:
        raise BadAction("stuck takes a list of steps, `next` and `over`: {stuck: [A, B], next: C, over: 72h}")
    standing = {"last": steps[-1], "ago": said["over"], "without": after}
    return standing if len(steps) == 1 else {"all": [{"sequence": steps}, standing]}


def _message(said: Any) -> Message:
    known = Message.__struct_fields__
    if not isinstance(said, dict) or not set(said) <= set(known):
        raise BadAction(f"message takes {', '.join(known)}")
    for part in ("subject", "text", "html"):
        if not isinstance(said.get(part, ""), str):
            raise BadAction(f"message.{part} is no text")
    for part, value in said.items():
        templates.check_all(f"message.{part}", value)
    return Message(**said)


def _cap(name: str, said: Any) -> Cap:
    found = _CAP.fullmatch(said) if isinstance(said, str) else None
    if found is None or int(found[1]) < 1:
        raise BadAction(f"{name} {str(said)[:40]!r} is no frequency; '1 per 7d' would do")
    return Cap(int(found[1]), span(name, found[2]))


def _quiet(said: Any) -> Quiet:
    if not isinstance(said, dict) or set(said) != {"from", "until", "timezone"}:
        raise BadAction(
            "quiet takes from, until and timezone: {from: '22:00', until: '08:00', timezone: UTC}"
        )
    try:
        ZoneInfo(str(said["timezone"]))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise BadAction(
            f"timezone {str(said['timezone'])[:60]!r} is not known; Asia/Shanghai or UTC would do"
        ) from None
    return Quiet(_minutes("from", said["from"]), _minutes("until", said["until"]), said["timezone"])


def _minutes(name: str, said: Any) -> int:
    found = _CLOCK.fullmatch(said) if isinstance(said, str) else None
    if found is None:
        raise BadAction(f"quiet.{name} {str(said)[:20]!r} is no time of day; '22:00' would do")
    return int(found[1]) * 60 + int(found[2])


def _purpose(said: Mapping[str, Any]) -> str | None:
    found = _text(said, "consent", 100)
    if found and not _PURPOSE.fullmatch(found):
        raise BadAction(f"consent {found[:40]!r} is no category; letters, digits, _ - and . would do")
    return found or None


def _percent(said: Any) -> float:
    if isinstance(said, bool) or not isinstance(said, int | float) or not 0 <= said <= 90:
        raise BadAction(f"holdout {str(said)[:20]!r} is no percentage; 0 to 90 would do")
    return said / 100


def _late(said: Mapping[str, Any]) -> int:
    found = span("late", _text(said, "late", 20) or "1d")
    if found > 30 * DAY_US:
        raise BadAction("late is more than 30d; less would do")
    return found


def _fields(said: Any) -> tuple[str, ...]:
    if (
        not isinstance(said, list)
        or len(said) > _MOST_FIELDS
        or not all(isinstance(one, str) for one in said)
    ):
        raise BadAction(f"fields is no list of at most {_MOST_FIELDS} names of attributes")
    return tuple(said)


def _text(said: Mapping[str, Any], name: str, most: int, *, needed: bool = False) -> str:
    value = said.get(name, "")
    if not isinstance(value, str) or len(value) > most or (needed and not value):
        raise BadAction(f"{name} {str(value)[:40]!r} is no text of {int(needed)} to {most} letters")
    return value
