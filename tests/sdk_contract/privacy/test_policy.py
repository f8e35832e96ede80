import pytest

from sdk_contract.privacy import PRESETS, Policy, PolicyError
from sdk_contract.privacy.policy import DETECTED, PII_CLASSES


@pytest.mark.parametrize("name", sorted(PRESETS))
def test_a_policy_is_read_as_it_was_written(name: str) -> None:
    text = PRESETS[name].to_json()
    assert Policy.from_json(text).to_json() == text
    assert hash(PRESETS[name]) != hash(Policy.from_json(text))


def test_the_presets_keep_their_promises() -> None:
    none, standard, strict = (PRESETS[name] for name in ("none", "standard", "strict"))
    assert not none.treats_planned
    assert not none.detects
    assert standard.treats_planned
    assert not standard.detects
    assert standard.ip == "truncate"
    assert set(strict.pii) == set(standard.pii) == set(PII_CLASSES)
    assert set(strict.detect) == set(DETECTED)
    assert "keep" not in {*strict.pii.values(), *strict.detect.values()}
    assert (strict.ip, strict.gpc, strict.dnt, strict.consent.missing) == (
        "drop",
        "filter",
        "filter",
        "filter",
    )


def test_what_a_policy_does_not_name_is_kept() -> None:
    policy = Policy.from_json('{"detect":{"email":"keep"}}')
    assert not policy.detects
    assert not policy.treats_planned
    assert (policy.ip, policy.gpc, policy.consent.default) == ("truncate", "ignore", None)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("{", "is no JSON"),
        ("[]", "a privacy policy is an object, such as"),
        ('{"pi":{}}', "pi: not known; one of ip, pii, detect, gpc, dnt, consent would do"),
        ('{"ip":"cut"}', "ip: 'cut'; one of keep, truncate, hash, drop would do"),
        ('{"gpc":true}', "gpc: True; one of ignore, filter would do"),
        ('{"pii":{"mail":"hash"}}', "pii.mail: not known; one of email, phone"),
        ('{"pii":{"email":"hsh"}}', "pii.email: 'hsh'; one of keep, drop, mask, hash, encrypt would do"),
        ('{"pii":{"email":["hash"]}}', r"pii.email: \['hash'\]; one of"),
        ('{"detect":{"name":"drop"}}', "detect.name: not known; one of email, phone, card, id_number, uscc"),
        ('{"detect":"all"}', "detect: 'all' is no object"),
        ('{"consent":{"missing":"no"}}', "consent.missing: 'no'; one of allow, filter would do"),
        ('{"consent":{"default":1}}', r"Expected `str \| null`, got `int` - at `\$.consent.default`"),
    ],
)
def test_what_is_wrong_with_a_policy_is_said(text: str, complaint: str) -> None:
    with pytest.raises(PolicyError, match=complaint):
        Policy.from_json(text)
