"""What the door decides about a request, one pure step a function."""

from base64 import urlsafe_b64encode
from collections.abc import Callable
from typing import Protocol

import msgspec
from msgspec import Raw

from sdk_contract.dialects import Parsed
from sdk_contract.events import DoorEvent, glance, inspect, text_of
from sdk_contract.verdicts import Fault, Judgement, Verdict

ID_BYTES, ID_LENGTH = 33, 22
IDS_AT_ONCE = 2048


class Judged(msgspec.Struct, frozen=True, gc=False):
    """A request's events in order: their message ids, and the judgements on those that are not plain ok."""

    message_ids: list[str]
    judgements: list[Judgement]


class BatchIds:
    """Random names of requests, 22 letters each, made from `random` (os.urandom) in bulk."""

    def __init__(self, random: Callable[[int], bytes]) -> None:
        self._random = random
        self._text, self._at = "", 0

    def next(self) -> str:
        if self._at >= len(self._text):
            self._text = urlsafe_b64encode(self._random(ID_BYTES * IDS_AT_ONCE // 2)).decode()
            self._at = 0
        self._at += ID_LENGTH
        return self._text[self._at - ID_LENGTH : self._at]


class Checks(Protocol):
    """A compiled tracking plan, as `sdk_contract.plan` makes it."""

    def check(self, of_type: str, name: str | None, properties: bytes) -> Fault | None: ...


class PlanRule(msgspec.Struct, frozen=True):
    """The tracking plan as one write key applies it: `softened` keeps a breach with a warning."""

    plan: Checks
    softened: bool
    version: str


def judge(parsed: Parsed, kind: str, batch_id: str, limit: int, rule: PlanRule | None) -> Judged:
    """Judges every event for itself: its shape first, then the plan. `limit`: bytes of one event."""
    message_ids: list[str] = []
    judgements: list[Judgement] = []
    sound = parsed.sound
    ordinary = sound and rule is None
    for index, raw in enumerate(parsed.events):
        if ordinary and (message_id := glance(raw, limit)):
            message_ids.append(message_id)
            continue
        found = inspect(raw, kind, sound=sound, limit=limit)
        if type(found) is Fault:
            judgements.append(found.judge(index))
            message_ids.append(sent_id(raw, limit) or f"{batch_id}-{index}")
            continue
        message_ids.append(found.message_id or f"{batch_id}-{index}")  # type: ignore[union-attr]
        if rule is not None and (breach := breach_of(rule, found, raw, index)):  # type: ignore[arg-type]
            judgements.append(breach)
    return Judged(message_ids, judgements)


class _Properties(msgspec.Struct, gc=False):
    properties: Raw = Raw(b"{}")
    traits: Raw = Raw(b"{}")


class _Named(msgspec.Struct, rename="camel", gc=False):
    message_id: str | int | None = None


_decode_properties = msgspec.json.Decoder(_Properties).decode
_decode_named = msgspec.json.Decoder(_Named).decode


def breach_of(rule: PlanRule, event: DoorEvent, raw: Raw, index: int) -> Judgement | None:
    """The plan's judgement on one event; None where the plan has nothing against it."""
    fields = _decode_properties(raw)
    fault = rule.plan.check(event.type, event.name, bytes(fields.properties))
    if fault is None:
        return None
    return fault.judge(index, Verdict.WARNING if rule.softened else None)


def sent_id(raw: Raw, limit: int) -> str | None:
    """The message id of an event that is refused, where it can be read all the same."""
    if len(raw) > limit * 4:
        return None
    try:
        return text_of(_decode_named(raw).message_id)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
