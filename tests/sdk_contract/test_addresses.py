import json
import re
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from sdk_contract import address_spans
from sdk_contract.address_spans import MAX_CANDIDATES, Span, find_addresses
from sdk_contract.addresses import treat, treat_peer
from sdk_contract.errors import Refused
from sdk_contract.verdicts import Reason
from tests.sdk_contract.privacy.keys import VAULT

CHECK = settings(max_examples=100, deadline=None)
AGENT = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
)


def as_value(text: str, policy: str) -> str:
    return str(json.loads(treat(json.dumps({"x": text}, ensure_ascii=False).encode(), policy))["x"])


@pytest.mark.parametrize(
    ("text", "truncated", "dropped"),
    [
        ("203.0.113.9", "203.0.113.0", ""),
        ("203.0.113.9, 198.51.100.7", "203.0.113.0, 198.51.100.0", "0.0.0.0, 0.0.0.0"),
        ("203.0.113.9,198.51.100.7", "203.0.113.0,198.51.100.0", "0.0.0.0,0.0.0.0"),
        ("203.0.113.9:8080", "203.0.113.0:8080", "0.0.0.0:8080"),
        ("203.0.113.9/32", "203.0.113.0/32", "0.0.0.0/32"),
        ("from 203.0.113.9.", "from 203.0.113.0.", "from 0.0.0.0."),
        ("ip203.0.113.9x", "ip203.0.113.0x", "ip0.0.0.0x"),
        ("9.113.0.203.in-addr.arpa", "9.113.0.0.in-addr.arpa", "0.0.0.0.in-addr.arpa"),
        ("192.168.001.010", "192.168.001.0", ""),
        ("2001:db8:1:2::5", "2001:db8:1::", ""),
        ("2001:DB8:0001:0002:0000:0000:0000:0005", "2001:db8:1::", ""),
        ("[2001:db8:1:2::5]:443", "[2001:db8:1::]:443", "[::]:443"),
        ("2001:db8:1:2:3:4:5:6:443", "2001:db8:1:::443", ":::443"),
        ("fe80::1%eth0", "fe80::%eth0", "::%eth0"),
        ("ip:2001:db8::1", "ip:2001:db8::", "ip:::"),
        ("2001:db8::1: refused", "2001:db8::: refused", "::: refused"),
        ("::1", "::", ""),
        ("::1::1", "::::", "::::"),
        ("12345:2001:db8::1", "12345:2001:db8::", "12345:::"),
        ("::ffff:203.0.113.9", "::ffff:203.0.113.0", ""),
        ("::ffff:cb00:7109", "::ffff:203.0.113.0", ""),
        ("64:ff9b::203.0.113.9", "64:ff9b::", ""),
        ("2002:cb00:7109::1", "2002:cb00:7100::", ""),
        ("1:2:3:4:5:6:7::203.0.113.9", "1:2:3:4:5:6:7::203.0.113.0", "1:2:3:4:5:6:7::0.0.0.0"),
        ("http://203.0.113.9/a?b=1", "http://203.0.113.0/a?b=1", "http://0.0.0.0/a?b=1"),
        ("https://ipinfo.io/203.0.113.9", "https://ipinfo.io/203.0.113.0", "https://ipinfo.io/0.0.0.0"),
        ("lookup/203.0.113.9", "lookup/203.0.113.0", "lookup/0.0.0.0"),
        ("/?ip=203.0.113.9&x", "/?ip=203.0.113.0&x", "/?ip=0.0.0.0&x"),
        ("/?ip=2001%3Adb8%3A%3a1&x", "/?ip=2001%3Adb8%3A%3A&x", "/?ip=%3A%3A&x"),
        (
            "?u=%3Fip%3D2001%253Adb8%253A%253A1%26",
            "?u=%3Fip%3D2001%253Adb8%253A%253A%26",
            "?u=%3Fip%3D%253A%253A%26",
        ),
        (
            "?u=%3Fip%3D1.2.3.4%252C%2520203.0.113.9",
            "?u=%3Fip%3D1.2.3.0%252C%2520203.0.113.0",
            "?u=%3Fip%3D0.0.0.0%252C%25200.0.0.0",
        ),
        ("/?ip=1.2.3.4%2C%20203.0.113.9", "/?ip=1.2.3.0%2C%20203.0.113.0", "/?ip=0.0.0.0%2C%200.0.0.0"),
        ('{"ip":"203.0.113.9"}', '{"ip":"203.0.113.0"}', '{"ip":"0.0.0.0"}'),
        ("夏203.0.113.9\n198.51.100.7", "夏203.0.113.0\n198.51.100.0", "夏0.0.0.0\n0.0.0.0"),
        ("\x08eef:0:0:1::5", "\x08eef::", "\x08::"),
    ],
)
def test_an_address_in_each_form(text: str, truncated: str, dropped: str) -> None:
    assert as_value(text, "truncate") == truncated
    assert as_value(text, "drop") == dropped
    assert as_value(text, "keep") == text


@pytest.mark.parametrize(
    "text",
    [
        AGENT,
        "Mozilla/5.0 (Windows NT 6.1; rv:1.9.2.13) Gecko/20101203 Firefox/3.6.1.2",
        "(MyApp/1.2.3.4; iOS)",
        "v1.2.3.4",
        "1.2.3.4.5",
        "256.1.1.1",
        "1234.5.6.7",
        "1.2.3",
        "2026-11-21T19:50:17.594Z",
        "19:50:17",
        "00:1b:63:84:45:e6",
        "00:11:22:33:44:55:66:77",
        "std::string",
        "foo_a::b",
        "ABC::Default",
        "::",
        "12345::1",
        "1:2:3:4:5:6:7:8z",
    ],
)
@pytest.mark.parametrize("policy", ["truncate", "drop"])
def test_what_is_no_address_stays(text: str, policy: str) -> None:
    assert as_value(text, policy) == text


@pytest.mark.parametrize(
    "event",
    [
        {"userAgent": AGENT + " okhttp/4.9.3.1"},
        {"user_agent": "okhttp/4.9.3.1 com.example.shop/1.2.3.4"},
        {"library": {"name": "x", "version": "1.2.3.4"}},
        {"lib_version": "npm:next-1.84.3.2", "osVersion": "10.0.1.2", "appBuild": "1.2.3.4"},
        {"inner": '{"app_version": "1.2.3.4"}'},
    ],
)
def test_versions_stay(event: dict[str, Any]) -> None:
    for indent in (None, 1):
        body = json.dumps(event, indent=indent).encode()
        assert treat(body, "drop") == treat(body, "truncate") == body


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (rb'"\u0e912.2.3.4"', rb'"\u0e912.2.3.0"'),
        (rb'"\u4e00203.0.113.9"', rb'"\u4e00203.0.113.0"'),
        (rb'"\u00e9203.0.113.9"', rb'"\u00e9203.0.113.0"'),
        (rb'"\u0e91::5:4:3"', rb'"\u0e91::"'),
        (rb'"\u00e92001:db8::1"', rb'"\u00e92001:db8::"'),
        (rb'"\u0032\u00303\u002e0.113.9"', rb'"203.0.113.0"'),
        (rb'"\u005c\\u0032.0.113.9"', rb'"\u005c\\u0032.0.113.9"'),
        (rb'"x\\n203.0.113.9"', rb'"x\\n203.0.113.0"'),
    ],
)
def test_escapes_hide_no_address_and_lend_it_no_digits(body: bytes, expected: bytes) -> None:
    assert treat(body, "truncate") == expected


def test_a_key_that_is_an_address() -> None:
    body = b'{"203.0.113.9": {"2001:db8:1:2::5" :1}}'
    assert treat(body, "truncate") == b'{"203.0.113.0": {"2001:db8:1::" :1}}'
    assert treat(body, "drop") == b'{"0.0.0.0": {"::" :1}}'


def test_a_user_agent_by_itself() -> None:
    assert treat(b'"okhttp/4.9.3.1 203.0.113.9"', "truncate") == b'"okhttp/4.9.3.1 203.0.113.0"'


def test_an_unknown_policy_is_an_error() -> None:
    for act in (lambda: treat(b"", "cut"), lambda: treat_peer("", "cut")):
        with pytest.raises(ValueError, match="'cut' is not known; one of keep, truncate, hash, drop"):
            act()
    for act in (lambda: treat(b"", "hash"), lambda: treat_peer("", "hash")):
        with pytest.raises(ValueError, match="needs a vault"):
            act()


V4 = st.ip_addresses(v=4)
V6 = st.ip_addresses(v=6) | st.integers(0, 2**48 - 1).map(lambda low: IPv6Address(low + 0x20010DB8 * 2**96))
FORMS = st.one_of(
    V4.map(str),
    V4.map(lambda ip: "::ffff:" + str(ip)),
    V6.map(str),
    V6.map(lambda ip: ip.exploded.upper()),
    V6.map(lambda ip: f"[{ip}]"),
)
LEFT = st.sampled_from(
    ["", "from ", "http://", "https://user@", "a=", "/?ip=", "夏", "é", "1, ", "(", "\n", "\\", '"', "\t\x08"]
)
RIGHT = st.sampled_from(["", " ", ":80", "/", ", ", ")", "\n", "?x", "夏", '"', "\\", ";", " 1.5"])


def escaped(text: str, which: int) -> str:
    """The text as JSON, some of its characters escaped as `which` says bit by bit."""
    letters = (
        f"\\u{ord(c):04x}" if which >> at % 30 & 1 and ord(c) < 2**16 else json.dumps(c)[1:-1]
        for at, c in enumerate(text)
    )
    return '"' + "".join(letters) + '"'


def survives(address: str, text: str) -> bool:
    """Tells whether the person can still be told from the text: the very address, in any form."""
    ip = ip_address(address.strip("[]").lower())
    if isinstance(ip, IPv6Address) and ip.ipv4_mapped:
        ip = ip.ipv4_mapped
    if isinstance(ip, IPv4Address):
        return any(
            IPv4Address(found) == ip
            for found in re.findall(r"(?<!\d)(?:\d{1,3}\.){3}\d{1,3}(?!\d)", text)
            if valid(found)
        )
    return any(
        IPv6Address(found) == ip
        for found in re.findall(r"[0-9a-fA-F:]*::?[0-9a-fA-F:.]*", text)
        if valid(found, 6)
    )


def valid(text: str, version: int = 4) -> bool:
    try:
        return ip_address(text).version == version
    except ValueError:
        return False


def is_network(address: str) -> bool:
    """Tells whether there is nothing in the address to take away."""
    ip = ip_address(address.strip("[]"))
    return ip_address(treat_peer(str(ip), "truncate")) == ip


@given(LEFT, FORMS, RIGHT, st.integers(0, 2**30 - 1) | st.just(0), st.sampled_from(["truncate", "drop"]))
@CHECK
def test_no_address_survives_and_the_rest_does(
    left: str, address: str, right: str, which: int, policy: str
) -> None:
    assume(not is_network(address))
    assume(right != ":80" or ":" not in address or "]" in address)
    body = (
        '{"before":' + escaped(left, which) + ',"x":' + escaped(left + address + right, which) + ',"n":1.50}'
    ).encode()
    treated = treat(body, policy)
    found = json.loads(treated)
    assert not survives(address, found["x"])
    assert (found["before"], found["n"]) == (left, 1.5)
    assert found["x"] == "" or (found["x"].startswith(left) and found["x"].endswith(right))
    assert treat(treated, policy) == treated


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text('ab1.:%/\\"é夏 \n'),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("ab1.:"), inner, max_size=4),
    max_leaves=8,
)


class Pairs(list[tuple[str, Any]]):
    """An object with every pair it is written with: two keys may be in the same network."""


def shape(value: object) -> object:
    if isinstance(value, str):
        return not value
    if isinstance(value, Pairs):
        return [shape(part) for _, part in value]
    return [shape(part) for part in value] if isinstance(value, list) else value


@given(JSON, st.booleans())
@CHECK
def test_json_stays_json_of_the_same_shape(value: object, ascii_only: bool) -> None:
    body = json.dumps(value, ensure_ascii=ascii_only).encode()
    treated = treat(body, "truncate")
    assert treat(treated, "truncate") == treated
    before, after = (json.loads(text, object_pairs_hook=Pairs) for text in (body, treated))
    assert shape(after) == shape(before)


@given(st.binary(max_size=80) | st.text('0123456789abf:.%\\u"[]', max_size=60).map(str.encode))
@settings(max_examples=100, deadline=None)
def test_any_bytes_can_be_treated_and_twice_is_once(body: bytes) -> None:
    once = treat(body, "truncate")
    assert treat(once, "truncate") == once


WORDS = (
    b"0 0 1 12 203 1234 .05 .00 . . : :: a ff %3A %3a %253A %20 %2520 %25 % / v , x "
    b"2001:db8::1 1:2:3:4:5:6:7 203.0.113.9"
)
ALONE = (
    b"203.0.113.9 256.0.0.1 1.2.3 1.2.3.4.5 192.168.001.010 2001:db8::1 ::1 :: 1::2::3 1:2:3:4:5:6:7:: "
    b"::1:2:3:4:5:6:7 1:2:3:4:5:6:7:8 1:2:3:4:5:6:7:8:9 00:1a:2b:3c:4d:5e:6f:70 ::ffff:203.0.113.9 12345::1"
)
QUOTED = [b'"%b"' % one for one in ALONE.split()]
PARTS = st.sampled_from(
    [
        *WORDS.split(),
        *QUOTED,
        b'"build":',
        b"\\",
        b"\\u00e9",
        b" ",
        b'"',
        b" Chrome/",
        b"130.0.0.0",
        b"8.0.53.2740",
        b'"version":"',
    ]
)


def in_one_pass(body: bytes) -> list[Span]:
    """The addresses as they are found without leaping: every candidate of the whole text."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(address_spans, "_runs", lambda body, _: [(0, len(body), None)])
        return list(find_addresses(body))


@given(st.lists(PARTS, max_size=14).map(b"".join))
@settings(max_examples=300, deadline=None)
def test_leaping_misses_nothing(body: bytes) -> None:
    found = in_one_pass(body)
    assert list(find_addresses(body)) == found
    hosts = [span for span in found if span[2] or not body[span[0] : span[1]].endswith(b".0")]
    assert set(hosts) <= set(find_addresses(body, networks=False)) <= set(found)


def test_signs_are_found_without_the_insides_of_the_package_too(monkeypatch: pytest.MonkeyPatch) -> None:
    pattern, text = ":(?::|[0-9]:)", b"at 1:2:3, a::1"
    quick, compiled = address_spans._seeker(pattern), address_spans._linear(pattern)
    monkeypatch.setattr(address_spans, "_linear", lambda _: Closed(compiled))
    slow = address_spans._seeker(pattern)
    places = [(quick(text, at), slow(text, at)) for at in range(len(text) + 1)]
    assert places == [(4, 4)] * 5 + [(11, 11)] * 7 + [(14, 14)] * 3


class Closed:
    """A pattern of which nothing but what the package promises is there."""

    def __init__(self, pattern: Any) -> None:
        self.search = pattern.search


@pytest.mark.parametrize(
    ("text", "looked_at"),
    [
        (AGENT.encode() + b" MicroMessenger/8.0.53.2740(0x2800) at 19:50:17", []),
        (b"/?to=%E4%BA%AC", []),
        (AGENT.encode() + b" from 1.2.3.4:80", [b"1.2.3.4:80"]),
        (b"1.2.3.04,", [b"1.2.3.04"]),
        (b"1.2.3.00", [b"1.2.3.00"]),
        (b"xa::1x", [b"a::1"]),
        (b"1:2:3:4:5:6:7:8", [b"1:2:3:4:5:6:7:8"]),
        (b"xa%3a%3A1", [b"a%3a%3A1"]),
        (b"a" * 1000 + b"::1", [b"a" * 1000 + b"::1"]),
    ],
)
def test_only_what_has_the_signs_of_an_address_is_looked_at(text: bytes, looked_at: list[bytes]) -> None:
    runs = address_spans._runs(text, address_spans._DOTS)
    assert [text[first:last] for first, last, _ in runs] == looked_at


@pytest.mark.parametrize(
    ("peer", "keep", "truncate"),
    [
        ("203.0.113.9", "203.0.113.9", "203.0.113.0"),
        ("2001:db8:1:2::5", "2001:db8:1:2::5", "2001:db8:1::"),
        ("::ffff:203.0.113.9", "::ffff:203.0.113.9", "::ffff:203.0.113.0"),
        ("fe80::1%eth0", "fe80::1%eth0", "fe80::"),
        ("testclient", "testclient", ""),
        ("", "", ""),
    ],
)
def test_the_peer(peer: str, keep: str, truncate: str) -> None:
    assert (treat_peer(peer, "keep"), treat_peer(peer, "truncate"), treat_peer(peer, "drop")) == (
        keep,
        truncate,
        "",
    )


@pytest.mark.parametrize(
    "address",
    ["203.0.113.9", "203.000.113.009", "::ffff:203.0.113.9", "::ffff:cb00:7109", "::FFFF%3Acb00%3A7109"],
)
def test_a_hashed_address_is_the_same_in_every_spelling(address: str) -> None:
    token = VAULT.hash("ip", "203.0.113.9")
    body = json.dumps({"x": address, "y": f"/?ip={address}&x", address: [AGENT]}).encode()
    treated = json.loads(treat(body, "hash", VAULT))
    assert treated == {"x": token, "y": f"/?ip={token}&x", token: [AGENT]}
    if "%" not in address and "00" not in address[:6]:
        assert treat_peer(address, "hash", VAULT) == token


@given(LEFT, FORMS, RIGHT, st.integers(0, 2**30 - 1) | st.just(0))
@CHECK
def test_no_address_survives_its_hash(left: str, address: str, right: str, which: int) -> None:
    assume(not is_network(address))
    assume(right != ":80" or ":" not in address or "]" in address)
    body = ('{"x":' + escaped(left + address + right, which) + "}").encode()
    treated = treat(body, "hash", VAULT)
    assert not survives(address, json.loads(treated)["x"])
    assert treat(treated, "hash", VAULT) == treated


@pytest.mark.parametrize("text", [b"203.0.113.9 ", b"::1 ", b"::"])
def test_more_addresses_than_any_sdk_sends_are_refused(text: bytes) -> None:
    assert b"203" not in treat(text * MAX_CANDIDATES, "drop")
    with pytest.raises(Refused, match="more than 50000 IP addresses") as caught:
        treat(text * (MAX_CANDIDATES + 1), "drop")
    assert caught.value.reason == Reason.BODY_TOO_LARGE
