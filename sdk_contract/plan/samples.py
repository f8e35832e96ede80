"""Events of a file judged by a plan, away from any server."""

from typing import Any

import msgspec
from msgspec import Raw, Struct

from sdk_contract.dialects import Parsed
from sdk_contract.events import EVENT_LIMIT
from sdk_contract.judging import PlanRule, Rules, judge
from sdk_contract.plan.compiled import CompiledPlan
from sdk_contract.verdicts import Judgement, Reason, Verdict

_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_decode_list = msgspec.json.Decoder(list[Raw]).decode
_decode_object = msgspec.json.Decoder(dict[str, Raw]).decode


class Sample(Struct, frozen=True):
    """One event of a file, counted from 1, and what became of it."""

    number: int
    type: str | None
    event: str | None
    verdict: Verdict
    reason: Reason | None = None
    pointer: str | None = None
    expected: str | None = None


def events_of(text: bytes) -> list[Raw]:
    """The events of a file: a JSON list, an object with a list `batch`, one event, or one event a line."""
    try:
        whole = text.strip()
        if whole.startswith(b"["):
            return _decode_list(whole)
        found = _decode_object(whole)
        return _decode_list(found["batch"]) if "batch" in found else [Raw(whole)]
    except _UNREADABLE:
        return [Raw(line.strip()) for line in text.splitlines() if line.strip()]


def judge_samples(plan: CompiledPlan, events: list[Raw], *, softened: bool) -> list[Sample]:
    """What the collector would say of each event; `softened`: as a key in the mode warn would have it."""
    rules = Rules(plan=PlanRule(plan, softened, plan.version))
    judged = judge(Parsed(None, None, events), "batch", "", EVENT_LIMIT, rules)
    faults = {judgement.index: judgement for judgement in judged.judgements}
    return [
        _sample(index, raw, faults.get(index, Judgement(index, Verdict.OK)))
        for index, raw in enumerate(events)
    ]


def _sample(index: int, raw: Raw, judgement: Judgement) -> Sample:
    of_type, name = _names(raw)
    return Sample(
        index + 1, of_type, name, judgement.verdict, judgement.reason, judgement.pointer, judgement.expected
    )


def _names(raw: Raw) -> tuple[str | None, str | None]:
    """The type and the name of an event, as far as they can be read."""
    try:
        given: dict[str, Any] = msgspec.json.decode(raw, type=dict[str, Any])
    except _UNREADABLE:
        return None, None
    of_type, name = given.get("type"), given.get("event") or given.get("name")
    return of_type if isinstance(of_type, str) else None, name if isinstance(name, str) else None
