import json
from datetime import date
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from sdk_contract.errors import Refused
from sdk_contract.privacy import PRESETS, Policy, scrub
from sdk_contract.privacy.policy import DETECTED
from sdk_contract.verdicts import Reason
from tests.sdk_contract.privacy.keys import VAULT
from tests.sdk_contract.privacy.people import EMAILS, MOBILES, VALUES

CHECK = settings(max_examples=150, deadline=None)
POLICIES = {
    action: Policy.from_plain({"detect": dict.fromkeys(DETECTED, action)})
    for action in ("drop", "mask", "hash", "encrypt")
}
DROP, MASK, HASH = POLICIES["drop"], POLICIES["mask"], POLICIES["hash"]
ADA, MOBILE = "ada@example.com", "13812345678"
ADA_TOKEN, MOBILE_TOKEN = VAULT.hash("email", ADA), VAULT.hash("phone", "+8613812345678")


def as_value(text: str, policy: Policy, *, ascii_only: bool = False) -> str:
    body = json.dumps({"x": text}, ensure_ascii=ascii_only).encode()
    return str(json.loads(scrub(body, policy, VAULT))["x"])


@pytest.mark.parametrize(
    ("text", "dropped", "masked"),
    [
        (ADA, "", "a***@e***.com"),
        (
            "mailto:Ada.L+x@mail.example.co.uk?subject=x",
            "mailto:[email]?subject=x",
            "mailto:A***@m***.uk?subject=x",
        ),
        ("<ada@example.com>, bob@example.org;", "<[email]>, [email];", "<a***@e***.com>, b***@e***.org;"),
        ("/?e=ada%40example.com&x=1", "/?e=[email]&x=1", "/?e=a***@e***.com&x=1"),
        ("/?u=%3Fe%3Dada%2540example.com%26", "/?u=%3Fe%3D[email]%26", "/?u=%3Fe%3Da***@e***.com%26"),
        ("/?e=ada%2Bx%40example%2Ecom", "/?e=[email]", "/?e=a***@e***.com"),
        ("邮箱ada@example.com谢谢", "邮箱[email]谢谢", "邮箱a***@e***.com谢谢"),
        ("张三@example.com", "", "张***@e***.com"),
        ("me@例子.公司", "", "m***@例***.公司"),
        ("\nada@example.com\t", "\n[email]\t", "\na***@e***.com\t"),
        ('{"email":"ada@example.com"}', '{"email":"[email]"}', '{"email":"a***@e***.com"}'),
        (MOBILE, "", "138****5678"),
        ("138 1234 5678", "", "138 **** 5678"),
        ("138-1234-5678", "", "138-****-5678"),
        ("+86 13812345678", "", "+86 138****5678"),
        ("0086-138-1234-5678", "", "0086-138-****-5678"),
        ("tel:(+86)13812345678", "tel:[phone]", "tel:(+86)138****5678"),
        ("phone=%2B86%20138%201234%205678", "phone=[phone]", "phone=+86 138 **** 5678"),
        ("user_13812345678", "user_[phone]", "user_138****5678"),
        ("夏13812345678\n", "夏[phone]\n", "夏138****5678\n"),
        ("13812345678,13912345678", "[phone],[phone]", "138****5678,139****5678"),
        ("+442079460958", "", "+44********58"),
        ("+1 (212) 555-0199", "", "+1 (***) ***-**99"),
        ("(212) 555-0199", "", "(21*) ***-**99"),
        ("212-555-0199", "", "21*-***-**99"),
        ("010-62345678", "", "01*-******78"),
        ("4111 1111 1111 1111", "", "4111 **** **** 1111"),
        ("4111111111111111", "", "4111********1111"),
        ("3782-822463-10005", "", "3782-******-*0005"),
        ("qty 5 4111-1111-1111-1111 12/27", "qty 5 [card] 12/27", "qty 5 4111-****-****-1111 12/27"),
        ("11010519491231002X", "", "11**************2X"),
        ("110105 19491231 002x", "", "11**** ******** **2x"),
        ("91350100M000100Y43", "", "91************0Y43"),
        ("电话：１３８１２３４５６７８。", "电话：[phone]。", "电话：138****5678。"),
        ("１３８ １２３４ ５６７８", "", "138 **** 5678"),
        ("＋８６ １３８１２３４５６７８", "", "+86 138****5678"),
        ("ada＠example.com、ｂｏｂ＠example．org", "[email]、[email]", "a***@e***.com、b***@e***.org"),
        ("共１２３４５６７元，ada@a.cn", "共１２３４５６７元，[email]", "共１２３４５６７元，a***@a***.cn"),
        ("me@例＂子.公司", "", "m***@例***.公司"),
        (r"\１３８１２３４５６７８", r"\[phone]", r"\138****5678"),
        ("９１３５０１００Ｍ０００１００Ｙ４３", "", "91************0Y43"),
        ("9135010 ada@example.com", "9135010 [email]", "9135010 a***@e***.com"),
    ],
)
def test_what_must_go(text: str, dropped: str, masked: str) -> None:
    assert as_value(text, DROP) == as_value(text, DROP, ascii_only=True) == dropped
    assert as_value(text, MASK) == masked
    assert as_value(text, PRESETS["none"]) == text


def test_one_value_in_wide_and_narrow_signs_has_one_token() -> None:
    wide = "１３８１２３４５６７８"
    assert as_value(wide, HASH) == as_value(wide, HASH, ascii_only=True) == MOBILE_TOKEN
    assert as_value("ADA＠example.com", HASH) == ADA_TOKEN
    said = r"\uff11３８１２３４５６７８"  # six letters, a backslash among them, and ten digits
    assert as_value(said, HASH, ascii_only=True) == as_value(said, HASH) == said


@pytest.mark.parametrize(
    "text",
    [
        "3f2a1b4c-1381-4345-8678-abcdefabcdef",
        "13812345-6789-4123-8123-123456789012",
        "8054ad1c-0055-4546-9370-8add74c16a33",
        "2494a513-db46-4dd7-82ff-013812345678",
        "01382471-7180-47c6-b69c-62be5d92749d",
        "013812345678",
        "ajs-next-1700000000000-3f2a1b4c-1381-4345-8678-abcdefabcdef",
        "2026-11-21T19:50:17.594Z",
        "2026-11-21 19:50:17 +0800",
        "1700000000",
        "1700000000000",
        "1700000000000000",
        "20261121195017",
        "31.13812345678",
        "13812345678.25",
        "1e13812345678",
        "1381234.5678",
        "138123456789",
        "12812345678",
        "x13812345678",
        "13812345678x",
        "ABC1381234567890",
        "v1.2.3.4",
        "4.18.0-1160.el7",
        "Chrome/140.0.0.0",
        "SKU-4006381333931",
        "4006381333931",
        "4111111111111112",
        "41111111111111111111111",
        "110105194912310021",
        "91350100M000100Y44",
        "12345678901234567890123456789012",
        "d41d8cd98f00b204e9800998ecf8427e",
        "¥1,999.00",
        "1280x720",
        "icon@2x.png",
        "vue@3.2.45",
        "jquery@3.6.0.min.js",
        "@ada and a@b and x@y.z1",
        "https://medium.com/@ada.lovelace/x",
        "m***@e***.com",
        "138****5678",
        "4111 **** **** 1111",
        "/?q=order+12345678",
        "GMT+0800",
        "10 20 30 40 50 60",
        "0012345678901",
        "555-0199",
        ADA_TOKEN,
        VAULT.encrypt(ADA),
    ],
)
def test_what_must_stay(text: str) -> None:
    for policy in POLICIES.values():
        assert as_value(text, policy) == text


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'{"a":13812345678}', '{"a":"T"}'),
        (b'{"a": 13812345678 , "b":[13812345678,2]}', '{"a": "T" , "b":["T",2]}'),
        (b"13812345678", '"T"'),
        (b'{"a":"x:13812345678,"}', '{"a":"x:T,"}'),
        (rb'{"a":"\",13812345678,\\","b":13812345678}', r'{"a":"\",T,\\","b":"T"}'),
        (b'{"a":-13812345678,"b":13812345678.5,"c":13812345678e2}', None),
        (b'{"a":138123456780}', None),
        (b'{"13812345678":1}', '{"T":1}'),
        (rb'{"a":"\u0031\u00338\u00312345678"}', '{"a":"T"}'),
        (rb'{"a":"\u590f13812345678\n"}', r'{"a":"\u590fT\n"}'),
        (rb'{"a":"{\"b\":\"x\\n13812345678\"}"}', r'{"a":"{\"b\":\"x\\nT\"}"}'),
        (b'{"a":"13812345678', '{"a":"T'),
        (b'13812345678","b":13812345678}', None),
        (b"\xff\xfe13812345678\xff", None),
    ],
)
def test_json_stays_json(body: bytes, expected: str | None) -> None:
    treated = scrub(body, HASH, VAULT)
    if expected is not None:
        assert treated.decode() == expected.replace("T", MOBILE_TOKEN)
    elif b"-13812345678" in body or b"138123456780" in body:
        assert treated == body
    else:
        assert b"13812345678" not in treated
    assert scrub(treated, HASH, VAULT) == treated


@pytest.mark.parametrize(
    "spelling", ["13812345678", "+86 138 1234 5678", "0086-13812345678", "%2B8613812345678"]
)
def test_one_person_is_one_token(spelling: str) -> None:
    assert as_value(spelling, HASH) == MOBILE_TOKEN
    assert as_value(f"x={spelling}&", HASH) == f"x={MOBILE_TOKEN}&"


def test_an_encrypted_value_can_be_revealed() -> None:
    assert VAULT.decrypt(as_value("Ada@Example.com", POLICIES["encrypt"])) == ADA


def test_only_what_the_policy_names_is_treated() -> None:
    text = f"{ADA} {MOBILE} 4111111111111111"
    assert (
        as_value(text, Policy(detect={"phone": "drop", "card": "keep"})) == f"{ADA} [phone] 4111111111111111"
    )
    assert as_value(text, Policy(detect={"email": "drop"})) == f"[email] {MOBILE} 4111111111111111"
    assert as_value("13812345678@example.com", Policy(detect={"phone": "drop"})) == "[phone]@example.com"
    assert as_value("13812345678@example.com", DROP) == ""


LEFT = st.sampled_from(
    ["", "from ", "https://x.example/?a=1&v=", "夏", "é", "1, ", "(", "\n", "\\", '"', "\t", "_", "tel:"]
)
RIGHT = st.sampled_from(["", " ", ", ", ")", "\n", "&x", "夏", '"', "\\", ";", "。", "/", "?"])


def escaped(text: str, which: int) -> str:
    """The text as JSON, some of its characters escaped as `which` says bit by bit."""
    letters = (
        f"\\u{ord(c):04x}"
        if which >> at % 30 & 1 and ord(c) < 2**16
        else json.dumps(c, ensure_ascii=False)[1:-1]
        for at, c in enumerate(text)
    )
    return '"' + "".join(letters) + '"'


@given(
    LEFT,
    VALUES,
    RIGHT,
    st.integers(0, 2**30 - 1) | st.just(0),
    st.sampled_from(sorted(POLICIES)),
    st.integers(0, 2),
)
@CHECK
def test_no_value_survives_and_the_rest_does(
    left: str, value: str, right: str, which: int, action: str, encoded: int
) -> None:
    assume(left != "_" or "@" not in value)
    sent = value
    for _ in range(encoded):
        sent = quote(sent, safe="")
    body = (
        '{"before":' + escaped(left, which) + ',"x":' + escaped(left + sent + right, which) + ',"n":1.50}'
    ).encode()
    treated = scrub(body, POLICIES[action], VAULT)
    found = json.loads(treated)
    assert sent not in found["x"]
    assert value not in found["x"]
    assert (found["before"], found["n"]) == (left, 1.5)
    assert found["x"] == "" or (found["x"].startswith(left) and found["x"].endswith(right))
    assert scrub(treated, POLICIES[action], VAULT) == treated


@given(
    VALUES,
    VALUES,
    st.sampled_from([" ", ",", "-", "+", ".", "/", "_", ""]),
    st.sampled_from(sorted(POLICIES)),
)
@CHECK
def test_twice_is_once_for_values_side_by_side(one: str, other: str, between: str, action: str) -> None:
    body = json.dumps([one + between + other, other]).encode()
    once = scrub(body, POLICIES[action], VAULT)
    json.loads(once)
    assert scrub(once, POLICIES[action], VAULT) == once


@given(
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.uuids(),
    st.dates(date(1900, 1, 1)),
)
@CHECK
def test_numbers_ids_and_times_stay(whole: int, real: float, id: object, when: object) -> None:
    assume(not 10**10 <= abs(whole) < 10**19)
    body = json.dumps([whole, real, str(id), str(when)]).encode()
    assert scrub(body, HASH, VAULT) == body


JSON = st.recursive(
    st.none() | st.booleans() | MOBILES.map(int) | EMAILS | MOBILES | st.text('ab1@.:%/\\"é夏 \n-+'),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(EMAILS | st.text("ab1.:"), inner, max_size=4),
    max_leaves=8,
)


class Pairs(list[tuple[str, Any]]):
    """An object with every pair it is written with."""


def shape(value: object) -> object:
    if isinstance(value, (str, int)) and not isinstance(value, bool):
        return not value
    if isinstance(value, Pairs):
        return [shape(part) for _, part in value]
    return [shape(part) for part in value] if isinstance(value, list) else value


@given(JSON, st.booleans(), st.sampled_from(["mask", "hash", "encrypt"]))
@CHECK
def test_json_stays_json_of_the_same_shape(value: object, ascii_only: bool, action: str) -> None:
    body = json.dumps(value, ensure_ascii=ascii_only).encode()
    treated = scrub(body, POLICIES[action], VAULT)
    assert scrub(treated, POLICIES[action], VAULT) == treated
    before, after = (json.loads(text, object_pairs_hook=Pairs) for text in (body, treated))
    assert shape(after) == shape(before)


@given(st.binary(max_size=80) | st.text('0123456789abx@.:+-% \\u"[]', max_size=80).map(str.encode))
@CHECK
def test_any_bytes_can_be_treated_and_twice_is_once(body: bytes) -> None:
    once = scrub(body, HASH, VAULT)
    assert scrub(once, HASH, VAULT) == once


@pytest.mark.parametrize("text", [b"13812345678 ", b"a@b.co ", b"@"])
def test_more_than_any_sdk_sends_is_refused(text: bytes) -> None:
    assert b"138" not in scrub(text * 50_000, DROP, VAULT)
    with pytest.raises(Refused, match="more than 50000 values") as caught:
        scrub(text * 50_001, DROP, VAULT)
    assert caught.value.reason == Reason.BODY_TOO_LARGE
