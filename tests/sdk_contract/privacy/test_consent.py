import json

import pytest

from sdk_contract.privacy import PRESETS, Policy, consents, signals_of
from sdk_contract.privacy.policy import Consent
from sdk_contract.verdicts import Reason, Verdict

STRICT, NONE = PRESETS["strict"], PRESETS["none"]


def context(**preferences: object) -> bytes:
    return json.dumps({"ip": "x", "consent": {"categoryPreferences": preferences}}).encode()


@pytest.mark.parametrize(
    ("headers", "signals"),
    [
        ({}, None),
        ({b"sec-gpc": b"1"}, "gpc"),
        ({b"dnt": b" 1 "}, "dnt"),
        ({b"dnt": b"1", b"sec-gpc": b"1"}, "gpc,dnt"),
        ({b"dnt": b"0", b"sec-gpc": b"?1"}, None),
    ],
)
def test_what_the_browser_asks_for(headers: dict[bytes, bytes], signals: str | None) -> None:
    assert signals_of(headers) == signals


@pytest.mark.parametrize(
    ("policy", "signals", "expected"),
    [
        (STRICT, "gpc", "no Sec-GPC header"),
        (STRICT, "dnt", "no DNT header"),
        (STRICT, "gpc,dnt", "no Sec-GPC header"),
        (STRICT, None, None),
        (NONE, "gpc,dnt", None),
        (Policy(gpc="filter"), "dnt", None),
        (Policy(dnt="filter"), "dnt", "no DNT header"),
    ],
)
def test_a_signal_counts_by_policy(policy: Policy, signals: str | None, expected: str | None) -> None:
    fault = consents(None, None, policy, signals)
    assert (fault and fault.expected) == expected
    if fault:
        assert (fault.reason, fault.judge(0).verdict) == (Reason.CONSENT, Verdict.FILTERED)


ASKING = Policy(consent=Consent(default="analytics", missing="filter"))


@pytest.mark.parametrize(
    ("category", "sent", "policy", "kept"),
    [
        ("ads", context(ads=True), STRICT, True),
        ("ads", context(ads=False), STRICT, False),
        ("ads", context(ads=False), NONE, False),
        ("ads", context(ads="yes"), NONE, False),
        ("ads", context(analytics=True), STRICT, False),
        ("ads", context(analytics=True), NONE, True),
        ("ads", None, STRICT, False),
        ("ads", None, NONE, True),
        ("ads", b'{"consent":{"categoryPreferences":', STRICT, False),
        ("ads", b'{"consent":{"categoryPreferences":[]}}', STRICT, False),
        (None, context(ads=False), STRICT, True),
        (None, context(analytics=True), ASKING, True),
        (None, context(ads=True), ASKING, False),
    ],
)
def test_consent_by_category(category: str | None, sent: bytes | None, policy: Policy, kept: bool) -> None:
    assert (consents(category, sent, policy, None) is None) == kept


def test_the_fault_points_at_the_answer() -> None:
    fault = consents("a/b~c", context(), STRICT, None)
    assert fault is not None
    assert (fault.pointer, fault.expected) == ("/context/consent/categoryPreferences/a~1b~0c", "true")
