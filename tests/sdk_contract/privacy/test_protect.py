import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sdk_contract.privacy import PRESETS, Policy, protect_event, sealed_event
from sdk_contract.privacy.policy import PII_CLASSES
from tests.sdk_contract.privacy.keys import VAULT

CLASSES = {
    ("email",): "email",
    ("person", "name"): "name",
    ("person", "phones", "*"): "phone",
    ("items", "*", "note"): "text",
    ("home",): "address",
}
POLICY = Policy(
    pii={
        "email": "hash",
        "name": "mask",
        "phone": "encrypt",
        "text": "drop",
        "address": "drop",
        "card": "keep",
    }
)
ADA = VAULT.hash("email", "ada@example.com")
ADA_L = VAULT.hash("email", "ada l")
PHONE = VAULT.encrypt("+8613812345678")


def protected(event: dict[str, Any], policy: Policy = POLICY) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(protect_event(json.dumps(event).encode(), CLASSES, policy, VAULT))
    return found


@pytest.mark.parametrize(
    ("properties", "expected"),
    [
        ({"email": " Ada@Example.com", "plan": "pro"}, {"email": ADA, "plan": "pro"}),
        (
            {"person": {"name": "Ada L", "phones": ["138 1234 5678", 13812345678, None]}},
            {"person": {"name": "A** L", "phones": [PHONE, PHONE, None]}},
        ),
        ({"person": {"phones": [1.3812345678e10, "", True]}}, {"person": {"phones": [PHONE, "", True]}}),
        ({"items": [{"note": "x", "n": 1}, {"n": 2}, 3]}, {"items": [{"note": "", "n": 1}, {"n": 2}, None]}),
        (
            {"home": {"street": "Main St", "no": 5, "gps": [1.5, True]}},
            {"home": {"street": "", "no": None, "gps": [None, None]}},
        ),
        ({"email": ADA}, {"email": ADA}),
        ({"email": {"work": "ada@example.com"}}, {"email": {"work": ADA}}),
        ({"email": ["ada@example.com"]}, {"email": [ADA]}),
        ({"person": "Ada L"}, {"person": "A** L"}),
        ({"items": {"note": "x"}}, {"items": {"note": ""}}),
        ({"emails": "ada@example.com"}, {"emails": "ada@example.com"}),
        ({}, {}),
    ],
)
@pytest.mark.parametrize("holder", ["properties", "traits"])
def test_planned_values_are_treated_where_they_stand(
    properties: dict[str, Any], expected: dict[str, Any], holder: str
) -> None:
    event = {"type": "track", holder: properties, "context": {"traits": properties, "ip": "x"}}
    wanted = {"type": "track", holder: expected, "context": {"traits": expected, "ip": "x"}}
    assert protected(event) == wanted
    assert protected(wanted) == wanted


def test_what_is_not_planned_keeps_its_bytes() -> None:
    raw = b'{"properties":{"n":1.50,"big":12345678901234567890,"u":"\\u00e9","email":null},"x":[ ]}'
    assert protect_event(raw, CLASSES, POLICY, VAULT) == raw


def test_a_text_where_traits_belong_is_treated() -> None:
    assert protected({"context": {"traits": "Ada L"}}) == {"context": {"traits": ADA_L}}
    assert protected({"traits": "Ada L", "properties": {}}) == {"traits": ADA_L, "properties": {}}


def test_the_quick_way_is_the_general_way() -> None:
    """Each pair of events differs in nothing but an escape, which takes the general way."""
    for properties in (
        '{"email":"ada@example.com"}',
        '{"x":{"properties":1}}',
        "null",
        '{ "email" : null, "a":[] }',
    ):
        quick = '{"type":"track", "properties": %s ,"traits":{"email":"Ada@example.com"},"e":"%s"}'
        sent = [(quick % (properties, sign)).encode() for sign in ("x", "\\u00e9")]
        one, other = (protect_event(raw, CLASSES, POLICY, VAULT) for raw in sent)
        assert json.loads(one) == json.loads(other) | {"e": "x"}
        assert b"example.com" not in one + other


def test_nothing_to_do_is_nothing_done() -> None:
    raw = b'{ "type": "track" }'
    assert protect_event(raw, {}, POLICY, VAULT) is raw
    assert protect_event(raw, CLASSES, PRESETS["none"], VAULT) is raw
    assert protect_event(raw, CLASSES, Policy(pii={"email": "keep"}), VAULT) is raw


def test_of_equal_keys_no_value_is_left_behind() -> None:
    ada = b'{"email":"eve@example.com","email":"ada@example.com"}'
    raw = b'{"properties":' + ada + b',"properties":' + ada + b"}"
    assert protect_event(raw, CLASSES, POLICY, VAULT) == f'{{"properties":{{"email":"{ADA}"}}}}'.encode()
    behind = b'{"properties":{"person":{"name":"Eve"},"person":{}}}'
    assert protect_event(behind, CLASSES, POLICY, VAULT) == b'{"properties":{"person":{}}}'


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"[1]",
        b'"text"',
        b'{"type":',
        b'{"properties":{"email":"a\xff"}}',
        b'{"properties":{"email":"\\ud800"}}',
        b'{"properties":{"email":' + b"[" * 5000 + b"]" * 5000 + b"}}",
    ],
)
def test_what_cannot_be_read_is_sealed(raw: bytes) -> None:
    treated = protect_event(raw, CLASSES, POLICY, VAULT)
    assert treated == sealed_event(raw, VAULT)
    assert VAULT.unseal(json.loads(treated)) == raw
    assert protect_event(treated, CLASSES, POLICY, VAULT) == treated


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5)
    | st.just("SECRET"),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["email", "person", "name", "phones", "items", "note", "home", "x"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(JSON, st.sampled_from(["drop", "mask", "hash", "encrypt"]))
@settings(max_examples=200, deadline=None)
def test_twice_is_once_and_no_planned_value_is_left(properties: Any, action: Any) -> None:
    policy = Policy.from_plain({"pii": dict.fromkeys(PII_CLASSES, action)})
    once = protected({"properties": properties}, policy)
    assert protected(once, policy) == once
    assert "SECRET" not in planned_texts(once["properties"])


def planned_texts(properties: Any) -> list[Any]:
    """The texts at the places that the plan names, as an object of the planned shape has them."""
    if not isinstance(properties, dict):
        return [properties]
    person = properties.get("person")
    found = [properties.get("email"), properties.get("home")]
    if isinstance(person, dict):
        found.append(person.get("name"))
        found += person["phones"] if isinstance(person.get("phones"), list) else []
    return found
