"""The origin that an SDK asked: what a trusted proxy says of it, and what anybody may say in vain."""

import pytest

from sdk_contract.peers import Peers, networks

PROXIED = [
    (b"host", b"10.0.0.9:8000"),
    (b"x-forwarded-host", b"events.example.com, inner"),
    (b"x-forwarded-proto", b"https"),
]


@pytest.mark.parametrize(
    ("trusted", "headers", "scheme", "origin"),
    [
        ("", [(b"host", b"127.0.0.1:8123")], "http", "http://127.0.0.1:8123"),
        ("", [(b"host", b"[::1]:8123")], "https", "https://[::1]:8123"),
        ("", PROXIED, "http", "http://10.0.0.9:8000"),
        ("10.0.0.0/8", PROXIED, "http", "https://events.example.com"),
        ("10.0.0.0/8", [(b"host", b"a.b")], "http", "http://a.b"),
        ("", [(b"host", b'"><script>')], "http", "http://localhost"),
        ("", [], "javascript", "http://localhost"),
    ],
)
def test_the_origin_as_it_was_asked(
    trusted: str, headers: list[tuple[bytes, bytes]], scheme: str, origin: str
) -> None:
    assert Peers(networks(trusted)).origin("10.1.2.3", headers, scheme) == origin
