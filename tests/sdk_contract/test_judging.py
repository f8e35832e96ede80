"""Steps of the judgement, each alone."""

import json

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Raw

from sdk_contract.dialects import Parsed
from sdk_contract.dialects.segment import SEGMENT
from sdk_contract.events import inspect
from sdk_contract.judging import BatchIds, PlanRule, Rules, judge
from sdk_contract.plan import compile, read_plan
from sdk_contract.verdicts import Fault, Judgement, Reason, Verdict

BATCH = "b" * 22
PLAN = {
    "plan.yaml": "version: 1.0.0\nunplanned: reject",
    "events/paid.yaml": """
event: Paid
properties: {type: object, properties: {amount: {type: number}}}
""",
}


def parsed(*events: object) -> Parsed:
    return Parsed(None, None, [Raw(json.dumps(event).encode()) for event in events])


def rules(softened: bool) -> Rules:
    return Rules(PlanRule(compile(read_plan(PLAN)), softened, "1"))


def test_each_event_is_judged_for_itself() -> None:
    events = parsed(
        {"type": "track", "event": "A", "userId": 5, "messageId": "m"}, 5, {"type": "page", "userId": "u"}
    )
    judged = judge(events, "batch", BATCH, 1000, None)
    assert judged.message_ids == ["m", f"{BATCH}-1", f"{BATCH}-2"]
    assert [(one.index, one.reason) for one in judged.judgements] == [(1, Reason.NOT_AN_OBJECT)]


def test_a_refused_event_keeps_its_own_id_where_that_can_be_read() -> None:
    judged = judge(parsed({"type": "track", "messageId": 12}, {"messageId": {}}), "batch", BATCH, 1000, None)
    assert judged.message_ids == ["12", f"{BATCH}-1"]


def test_an_event_above_the_limit_is_refused_alone() -> None:
    small = {"type": "page", "userId": "u"}
    judged = judge(parsed(small, {**small, "name": "n" * 100}), "batch", BATCH, 100, None)
    assert [(one.index, one.reason) for one in judged.judgements] == [(1, Reason.EVENT_TOO_LARGE)]


VALUES: st.SearchStrategy[object] = st.sampled_from(
    ["track", "page", "alias", "m", "", "夏", None, 5, 5.5, {}, "2026-11-21T12:00:00Z", 10**18]
)
EVENTS = st.dictionaries(
    st.sampled_from(["type", "messageId", "userId", "event", "timestamp", "context", "x"]), VALUES, min_size=4
).map(lambda event: {"type": "track", "messageId": "m", "userId": "u", "event": "E"} | event)


@given(st.lists(EVENTS | VALUES, max_size=6), st.sampled_from(["batch", "track", "page"]))
@settings(max_examples=100, deadline=None)
def test_a_batch_is_judged_as_each_of_its_events(events: list[object], kind: str) -> None:
    sent = SEGMENT.parse("batch", json.dumps({"batch": events}).encode())
    judged = judge(sent, kind, BATCH, 100, None)
    faults = [inspect(raw, kind, sound=True, limit=100) for raw in sent.events]
    assert judged.judgements == [
        found.judge(index) for index, found in enumerate(faults) if isinstance(found, Fault)
    ]
    alone = [judge(msgspec.structs.replace(sent, sound=False), kind, BATCH, 100, None)]
    assert alone == [judged]


def planned(softened: bool, event: dict[str, object]) -> list[Judgement]:
    return judge(
        parsed({"type": "track", "userId": "u", **event}), "batch", BATCH, 1000, rules(softened)
    ).judgements


def test_the_plan_rejects_or_warns() -> None:
    assert planned(False, {"event": "Paid", "properties": {"amount": 5}}) == []
    assert planned(False, {"event": "Paid"}) == []
    (breach,) = planned(False, {"event": "Paid", "properties": {"amount": "much"}})
    assert (breach.verdict, breach.reason, breach.pointer) == (
        Verdict.REJECTED, Reason.PLAN_VIOLATION, "/properties/amount"
    )  # fmt: skip
    (softened,) = planned(True, {"event": "Paid", "properties": {"amount": "much"}})
    assert softened.verdict is Verdict.WARNING
    (unknown,) = planned(False, {"event": "Left"})
    assert unknown.reason is Reason.UNPLANNED_EVENT


def test_names_of_requests_are_random_in_bulk() -> None:
    asked: list[int] = []

    def random(number: int) -> bytes:
        asked.append(number)
        return bytes(range(256)) * (number // 256) + bytes(number % 256)

    ids = BatchIds(random)
    names = [ids.next() for _ in range(2048)]
    assert {len(name) for name in names} == {22}
    assert len(asked) == 1
    ids.next()
    assert len(asked) == 2
