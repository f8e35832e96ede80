"""The listening socket."""

import socket

import pytest

from collector.errors import CannotStart
from collector.listen import is_loopback, listen, url_of


def test_it_listens_where_it_says_and_can_be_inherited() -> None:
    with listen("127.0.0.1", 0) as sock:
        assert sock.get_inheritable()
        assert url_of(sock) == f"http://127.0.0.1:{sock.getsockname()[1]}"
        socket.create_connection(sock.getsockname(), timeout=5).close()


def test_everywhere_is_shown_as_this_machine() -> None:
    with listen("0.0.0.0", 0) as sock:
        assert url_of(sock).startswith("http://127.0.0.1:")


def test_a_port_in_use_is_named() -> None:
    with listen("127.0.0.1", 0) as sock:
        port = sock.getsockname()[1]
        with pytest.raises(CannotStart, match=f"port {port} on 127.0.0.1 is in use"):
            listen("127.0.0.1", port)


@pytest.mark.parametrize(
    ("host", "inside"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("a.b", False),
    ],
)
def test_what_only_this_machine_can_reach(host: str, inside: bool) -> None:
    assert is_loopback(host) is inside
