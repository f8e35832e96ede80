"""Steps of the judgement, each alone."""

import json

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Raw

from sdk_contract.dialects import Parsed
from sdk_contract.dialects.segment import SEGMENT
from sdk_contract.events import inspect
from sdk_contract.judging import BatchIds, PlanRule, Rules, Suppressed, judge, rules_of
from sdk_contract.plan import compile, read_plan
from sdk_contract.privacy import PRESETS, Policy
from sdk_contract.verdicts import Fault, Judgement, Reason, Verdict

BATCH = "b" * 22
STRICT = PRESETS["strict"]
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


def test_a_fault_of_ours_at_a_glance_costs_nobody_a_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError

    events = msgspec.structs.replace(
        parsed({"type": "page", "userId": "u", "messageId": "m"}, {"type": "page"}), sound=True
    )
    expected = judge(events, "batch", BATCH, 1000)
    monkeypatch.setattr("sdk_contract.judging.glance_all", fail)
    assert judge(events, "batch", BATCH, 1000) == expected
    assert [one.reason for one in expected.judgements] == [Reason.MISSING_FIELD]


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


class Told:
    """A plan that remembers what it was asked."""

    def __init__(self, category: str | None = None) -> None:
        self.category, self.asked = category, list[tuple[str, str | None, bytes, bytes | None]]()

    def check(
        self, of_type: str, name: str | None, properties: bytes, context: bytes | None = None
    ) -> Fault | None:
        self.asked.append((of_type, name, properties, context))
        return None

    def consent(self, of_type: str, name: str | None) -> str | None:
        return self.category

    def pii(self, of_type: str, name: str | None) -> dict[tuple[str, ...], str]:
        return {}


PARTS = {
    "properties": {"a": [1]}, "traits": {"b": 2}, "context": {"c": 3, "consent": {"categoryPreferences": {}}}
}  # fmt: skip


@pytest.mark.parametrize("message_id", ["m", None])
@pytest.mark.parametrize(
    ("event", "name", "part"),
    [
        ({"type": "track", "event": "A", "name": "N"}, "A", b'{"a": [1]}'),
        ({"type": "page", "event": "A", "name": "N"}, "N", b'{"a": [1]}'),
        ({"type": "screen"}, None, b'{"a": [1]}'),
        ({"type": "identify", "name": "N"}, None, b'{"b": 2}'),
        ({"type": "group", "groupId": 5}, None, b'{"b": 2}'),
    ],
)
def test_the_plan_is_shown_the_part_it_describes(
    event: dict[str, object], name: str | None, part: bytes, message_id: str | None
) -> None:
    told = Told()
    rules = Rules(PlanRule(told, False, "1", with_context=None))
    sent = SEGMENT.parse(
        "batch", json.dumps({"batch": [{**event, **PARTS, "userId": 5, "messageId": message_id}]}).encode()
    )
    assert judge(sent, "batch", BATCH, 1000, rules).judgements == []
    ((of_type, asked_name, properties, context),) = told.asked
    assert (of_type, asked_name or None, properties) == (event["type"], name, part)
    assert json.loads(context or b"") == PARTS["context"]


@pytest.mark.parametrize("part", ["properties", "traits", "context"])
def test_what_is_no_object_is_refused_before_the_plan_sees_it(part: str) -> None:
    told = Told()
    body = json.dumps({"batch": [{"type": "page", "userId": "u", "messageId": "m", part: [1]}]}).encode()
    judged = judge(SEGMENT.parse("batch", body), "batch", BATCH, 1000, Rules(PlanRule(told, False, "1")))
    assert [(one.reason, one.pointer) for one in judged.judgements] == [(Reason.WRONG_TYPE, f"/{part}")]
    assert told.asked == []


def test_the_envelope_speaks_for_events_without_a_context_only() -> None:
    rules = rules_of(PlanRule(Told("ads"), False, "1", asks=True), STRICT, None)
    yes, no = ({"consent": {"categoryPreferences": {"ads": answer}}} for answer in (True, False))
    event = {"type": "page", "userId": "u", "messageId": "m"}
    contexts: list[dict[str, object]] = [
        {},
        {"context": yes},
        {"context": {}},
        {"context": {"locale": "de"}},
        {"context": no},
    ]
    for shared, verdicts in ((None, "xoxxx"), (yes, "ooxxx"), (no, "xoxxx")):
        batch = [{**event, **context} for context in contexts]
        sent = SEGMENT.parse("batch", json.dumps({"batch": batch, "context": shared}).encode())
        judged = {one.index: one.reason for one in judge(sent, "batch", BATCH, 1000, rules).judgements}
        assert "".join("x" if judged.get(index) else "o" for index in range(5)) == verdicts
        assert set(judged.values()) <= {Reason.CONSENT}


def test_an_answer_to_consent_counts_only_where_it_stands() -> None:
    rules = rules_of(PlanRule(Told("ads"), False, "1", asks=True), STRICT, None)
    text = '{"consent":{"categoryPreferences":{"ads":true}}}'
    event = {"type": "page", "userId": "u", "messageId": "m", "context": {"page": {"title": text}}}
    sent = SEGMENT.parse("batch", json.dumps({"batch": [event]}).encode())
    assert [one.reason for one in judge(sent, "batch", BATCH, 1000, rules).judgements] == [Reason.CONSENT]


@pytest.mark.parametrize(
    ("policy", "signals", "filtered"),
    [(STRICT, "gpc", True), (STRICT, "dnt", True), (STRICT, None, False), (None, "gpc,dnt", False)],
)
def test_signals_of_a_browser_are_heard_by_policy(
    policy: Policy | None, signals: str | None, filtered: bool
) -> None:
    rules = rules_of(None, policy, None)
    sent = parsed({"type": "page", "userId": "u", "messageId": "m"})
    judged = judge(msgspec.structs.replace(sent, sound=True), "batch", BATCH, 1000, rules, signals)
    assert [one.reason for one in judged.judgements] == ([Reason.CONSENT] if filtered else [])


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        ({"userId": "mei", "event": "B"}, Reason.SUPPRESSED),
        ({"userId": 7, "event": "B"}, Reason.SUPPRESSED),
        ({"userId": "u", "anonymousId": "d1", "event": "B"}, Reason.SUPPRESSED),
        ({"type": "alias", "userId": "u", "previousId": "mei"}, Reason.SUPPRESSED),
        ({"type": "alias", "userId": "u", "previousId": "d1"}, Reason.SUPPRESSED),
        ({"userId": "d1", "event": "B"}, Reason.UNPLANNED_EVENT),
        ({"userId": "mei", "event": 5}, Reason.WRONG_TYPE),
    ],
)
@pytest.mark.parametrize("message_id", ["m", None])
def test_suppression_comes_after_shape_and_before_the_plan(
    event: dict[str, object], reason: Reason, message_id: str | None
) -> None:
    suppressed = Suppressed(frozenset({"user_id=mei", "user_id=7", "anonymous_id=d1"}), "{}={}".format)
    rules = rules_of(PlanRule(compile(read_plan(PLAN)), False, "1"), None, suppressed)
    sent = parsed({"type": "track", "messageId": message_id, **event})
    for sound in (False, True):
        judged = judge(msgspec.structs.replace(sent, sound=sound), "batch", BATCH, 1000, rules)
        assert [one.reason for one in judged.judgements] == [reason]


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
