from pathlib import Path

import pytest

from tests.console.conftest import Visitor
from warehouse.console.errors import OpenToStrangers
from warehouse.console.guard import CONTENT_POLICY, host_name, is_loopback


@pytest.mark.parametrize(
    ("header", "name"),
    [("127.0.0.1:8001", "127.0.0.1"), ("[::1]:8001", "::1"), ("Shop.LAN", "shop.lan"), ("", "")],
)
def test_host_name(header: str, name: str) -> None:
    assert host_name(header) == name


def test_loopback() -> None:
    assert [is_loopback(host) for host in ("127.0.0.1", "127.8.0.1", "::1", "localhost")] == [True] * 4
    assert [is_loopback(host) for host in ("0.0.0.0", "::", "10.0.0.1", "shop.lan")] == [False] * 4


@pytest.mark.parametrize(
    "path", ["/", "/nowhere", "/static/console.css", "/find?id=x", "/health", "/prefer?theme=dark"]
)
def test_every_answer_carries_the_security_headers(visitor: Visitor, path: str) -> None:
    headers = visitor.get(path).headers
    assert headers["content-security-policy"] == CONTENT_POLICY
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"


@pytest.mark.parametrize(
    ("proxies", "proto", "safe"),
    [("127.0.0.0/8", "https", True), ("127.0.0.0/8", "http", False), ("10.0.0.0/8", "https", False)],
)
def test_behind_a_trusted_proxy_that_was_asked_over_https_all_is_https(
    tmp_path: Path, proxies: str, proto: str, safe: bool
) -> None:
    told = {"Host": "shop.lan", "X-Forwarded-Proto": proto}
    answer = Visitor(tmp_path, trusted_proxies=proxies, console_names="shop.lan").get(
        "/prefer?theme=dark", told
    )
    assert ("strict-transport-security" in answer.headers) is safe
    assert ("Secure" in answer.headers["set-cookie"].split("; ")) is safe


def test_pages_are_not_cached_and_need_no_inline_script(visitor: Visitor) -> None:
    answer = visitor.get("/")
    assert answer.headers["cache-control"] == "no-store"
    assert "script-src 'self';" in CONTENT_POLICY
    assert "unsafe" not in CONTENT_POLICY
    assert "<script>" not in answer.text
    assert " style=" not in answer.text
    assert " onclick=" not in answer.text


@pytest.mark.parametrize(
    "host", ["localhost:8001", "127.0.0.1:8001", "[::1]:8001", "192.168.7.9:8001", "shop.lan"]
)
def test_answers_to_its_names_and_to_addresses(tmp_path: Path, host: str) -> None:
    assert Visitor(tmp_path, console_names="shop.lan, other.lan").get("/", {"Host": host}).status_code == 200


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:8001"])
def test_another_sites_name_is_refused(visitor: Visitor, host: str) -> None:
    answer = visitor.get("/", {"Host": host})
    assert answer.status_code == 421
    assert host.partition(":")[0] in answer.text


def test_an_open_console_stays_on_loopback(tmp_path: Path) -> None:
    with pytest.raises(OpenToStrangers, match="SOJOURN_CONSOLE_OPEN"):
        Visitor(tmp_path, console_host="0.0.0.0").get("/")
    assert Visitor(tmp_path, console_host="0.0.0.0", console_open=False).get("/health").status_code == 200
