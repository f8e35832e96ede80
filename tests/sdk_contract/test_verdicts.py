from pathlib import Path

import msgspec
import pytest

from sdk_contract.verdicts import Fault, Judgement, Reason, Verdict, markdown

DOCS = Path(__file__).parents[2] / "docs"


def test_the_list_of_reasons_stays_short_and_each_says_what_it_means() -> None:
    assert len(Reason) <= 31
    assert all(member.text.endswith(".") for member in (*Reason, *Verdict))
    assert len({reason.text for reason in Reason}) == len(Reason)


def test_docs_verdicts_is_what_the_enums_say() -> None:
    assert (DOCS / "verdicts.md").read_text(encoding="utf-8") == markdown()


@pytest.mark.parametrize(
    ("reason", "status", "verdict"),
    [
        (Reason.WRONG_TYPE, 200, Verdict.REJECTED),
        (Reason.CONSENT, 200, Verdict.FILTERED),
        (Reason.DUPLICATE, 200, Verdict.DUPLICATE),
        (Reason.DAMAGED, 200, Verdict.DAMAGED),
        (Reason.UNKNOWN_KEY, 401, Verdict.REJECTED),
        (Reason.OVERLOADED, 503, Verdict.REJECTED),
    ],
)
def test_a_reason_has_a_status_and_a_verdict(reason: Reason, status: int, verdict: Verdict) -> None:
    assert (reason.status, reason.verdict) == (status, verdict)


def test_a_judgement_survives_the_journal() -> None:
    judged = Judgement(3, Verdict.REJECTED, Reason.WRONG_TYPE, "/userId", "string or integer")
    packed = msgspec.msgpack.encode(judged)
    assert msgspec.msgpack.decode(packed, type=Judgement) == judged
    assert msgspec.msgpack.decode(packed) == [3, "rejected", "wrong_type", "/userId", "string or integer"]


def test_a_fault_is_judged_as_its_reason_says_unless_told_otherwise() -> None:
    assert Fault(Reason.CONSENT).judge(1).verdict == Verdict.FILTERED
    softer = Fault(Reason.PLAN_VIOLATION, "/properties/a", "string", Verdict.WARNING)
    assert softer.judge(2) == Judgement(2, Verdict.WARNING, Reason.PLAN_VIOLATION, "/properties/a", "string")
    assert softer.judge(2, Verdict.REJECTED).verdict == Verdict.REJECTED
