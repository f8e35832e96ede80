"""What a rule of actions is: what it waits for, what it says to whom, and what holds it back."""

from __future__ import annotations

from typing import Any, Final, Literal

import msgspec

from warehouse.tags.rules import Tag

DAY_US: Final = 86_400_000_000
PREFIX: Final = "action:"  # of the tags that stand for conditions written in a rule; no published tag has it


class Trigger(msgspec.Struct, frozen=True):
    """What is waited for: a customer enters or leaves a tag or a cohort, or a watch raises an alert.

    `name` is the tag, cohort or watch. `severity`: of an alert, at least.
    """

    kind: Literal["tag", "cohort", "alert"]
    name: str
    on: Literal["entered", "left"] = "entered"
    severity: Literal["warning", "critical"] = "warning"


class Cap(msgspec.Struct, frozen=True):
    """So many entries of a customer within so long (µs)."""

    count: int
    within: int


class Quiet(msgspec.Struct, frozen=True):
    """Hours of the day in which nothing is sent, minutes after midnight in a time zone; they may span
    midnight.
    """

    begins: int
    ends: int
    timezone: str


class Message(msgspec.Struct, frozen=True):
    """Templates of what is said; which are needed depends on the destination."""

    subject: str = ""
    text: str = ""
    html: str = ""
    body: Any = None


class Rule(msgspec.Struct, frozen=True):
    """A rule; `condition` is the tag that stands for a condition of its own, `fields` the attributes of the
    customer that may be told, `holdout` the share (0 to 1) that is left alone, `late` how long (µs) after the
    moment it still makes sense; `text` is the rule as JSON, the same for the same rule.
    """

    name: str
    description: str
    trigger: Trigger
    condition: Tag | None
    to: str
    message: Message
    cap: Cap
    cap_all: Cap
    quiet: Quiet | None
    consent: str | None
    holdout: float
    late: int
    fields: tuple[str, ...]
    text: str


class Destination(msgspec.Struct, frozen=True):
    """Where actions go. `secrets` are names by what they are for, `rate` messages a minute (0: no limit),
    `said` what else its kind needs; `text` is JSON.
    """

    name: str
    kind: Literal["webhook", "email", "wecom", "dingtalk", "feishu", "rest"]
    url: str
    secrets: dict[str, str]
    rate: float
    said: dict[str, Any]
    text: str


class Versioned(msgspec.Struct, frozen=True):
    """A version of a rule, and from when until when (µs UTC) what is entered is its."""

    project: str
    rule: Rule
    version: int
    since: int
    until: int | None
