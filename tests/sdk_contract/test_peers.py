"""Who is believed about a client's address."""

import pytest

from sdk_contract.errors import SettingError
from sdk_contract.peers import Peers, bare, networks

TRUSTED = networks("10.0.0.0/8, 2001:db8::/32,192.0.2.1")


def client(peer: str | None, *forwarded: bytes) -> str | None:
    return Peers(TRUSTED).client(peer, [(b"x-forwarded-for", value) for value in forwarded])


@pytest.mark.parametrize(
    ("peer", "forwarded", "found"),
    [
        ("198.51.100.1", [b"203.0.113.9"], "198.51.100.1"),
        ("10.0.0.1", [b"203.0.113.9"], "203.0.113.9"),
        ("10.0.0.1", [b"1.1.1.1, 203.0.113.9, 10.2.2.2"], "203.0.113.9"),
        ("10.0.0.1", [b"1.1.1.1", b"203.0.113.9, 192.0.2.1"], "203.0.113.9"),
        ("10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", [b"10.0.0.7"], "10.0.0.7"),
        ("10.0.0.1", [b"203.0.113.9, rubbish"], "10.0.0.1"),
        ("10.0.0.1", [b"203.0.113.9, rubbish, 10.0.0.3"], "10.0.0.3"),
        ("2001:db8::5", [b"[2001:4860::1]:443"], "2001:4860::1"),
        ("::ffff:10.0.0.1", [b"203.0.113.9:80"], "203.0.113.9"),
        ("10.0.0.1", [b"203.0.113.9, ::ffff:10.0.0.9"], "203.0.113.9"),
        ("10.0.0.1", [b"203.0.113.9, 2001:db8::1, 10.1.1.1:443"], "203.0.113.9"),
        ("10.0.0.1", [b"[2001:4860::8%25eth0]:80, 10.0.0.2"], "2001:4860::8%25eth0"),
        ("unix", [b"203.0.113.9"], "unix"),
        (None, [b"203.0.113.9"], None),
    ],
)
def test_the_client_is_found_from_right_to_left(
    peer: str | None, forwarded: list[bytes], found: str | None
) -> None:
    assert client(peer, *forwarded) == found


def test_nobody_is_trusted_by_default() -> None:
    assert Peers(networks("")).client("10.0.0.1", [(b"x-forwarded-for", b"1.2.3.4")]) == "10.0.0.1"


@pytest.mark.parametrize(
    ("text", "address"), [(" 1.2.3.4 ", "1.2.3.4"), ("::1", "::1"), ("[::1]", "::1"), ("x", None)]
)
def test_the_forms_of_an_address(text: str, address: str | None) -> None:
    assert bare(text) == address


def test_a_bad_network_is_named() -> None:
    with pytest.raises(SettingError, match=r"SOJOURN_TRUSTED_PROXIES: '10\.0\.0\.0/99' is not a network"):
        networks("10.0.0.0/8,10.0.0.0/99")
