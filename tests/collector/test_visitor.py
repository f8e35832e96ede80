"""The first-party cookie: off unless wanted, given to pages only, kept, and not against the person's wish."""

import re
from pathlib import Path

import pytest

from collector.settings import CollectorSettings
from collector.visitor import visitors
from sdk_contract.errors import SettingError
from tests.collector.running import Running, running

EVENT = {"event": "Paid", "userId": "u1"}
PAGE = {"origin": "https://shop.example"}
COOKIE = re.compile(r"sj=([A-Za-z0-9_-]{22}); Path=/; Max-Age=31536000; Secure; HttpOnly; SameSite=Lax")


def post(door: Running, headers: dict[str, str]) -> str | None:
    """Sends an event, and gives the cookie that was set."""
    door.client.cookies.clear()
    answer = door.client.post("/v1/track", json=EVENT, headers=headers)
    assert answer.status_code == 200
    cookie: str | None = answer.headers.get("set-cookie")
    return cookie


def seen(door: Running) -> list[str | None]:
    return [record.head.visitor for record in door.records()]


def test_it_is_off_by_default(tmp_path: Path) -> None:
    with running(tmp_path) as door:
        assert post(door, PAGE | {"cookie": "sj=" + "a" * 22}) is None
        assert seen(door) == [None]


def test_a_page_is_given_an_id_and_keeps_it(tmp_path: Path) -> None:
    with running(tmp_path, visitor_cookie="sj") as door:
        found = [
            COOKIE.fullmatch(post(door, headers) or "") for headers in (PAGE, {"sec-fetch-site": "same-site"})
        ]
        assert found[0] is not None
        assert found[1] is not None
        first, second = found[0][1], found[1][1]
        again = COOKIE.fullmatch(post(door, PAGE | {"cookie": f"a=b; sj={first}"}) or "")
        assert again is not None
        assert again[1] == first
        assert first != second
        assert seen(door) == [first, second, first]


def test_a_server_is_given_none_and_what_we_did_not_make_is_not_kept(tmp_path: Path) -> None:
    with running(tmp_path, visitor_cookie="sj") as door:
        assert post(door, {}) is None
        assert post(door, {"cookie": "sj=mei@example.com"}) is None
        assert post(door, {"cookie": "xsj=" + "a" * 22}) is None
        assert post(door, {"cookie": "sj=" + "a" * 22}) is None
        assert seen(door) == [None, None, None, "a" * 22]
        answer = door.client.post("/v1/validate", json={"type": "track", **EVENT}, headers=PAGE)
        assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("signal", ["sec-gpc", "dnt"])
@pytest.mark.parametrize(("privacy", "given"), [("none", True), ("standard", True), ("strict", False)])
def test_who_asks_to_be_let_alone_is_where_the_policy_says_so(
    tmp_path: Path, signal: str, privacy: str, given: bool
) -> None:
    with running(tmp_path, visitor_cookie="sj", privacy=privacy) as door:
        cookie = post(door, PAGE | {signal: "1", "cookie": "sj=" + "a" * 22})
        unasked = post(door, PAGE | {signal: "0"})
        (record, _) = door.records()
    assert (cookie is not None, unasked is not None) == (given, True)
    assert record.head.visitor == ("a" * 22 if given else None)
    assert record.head.signals == signal.removeprefix("sec-")


def test_days_and_domain_can_be_chosen() -> None:
    chosen = visitors(CollectorSettings(visitor_cookie="v", visitor_days=30, visitor_domain="shop.example"))
    assert chosen.header("x") == (
        b"set-cookie",
        b"v=x; Path=/; Max-Age=2592000; Domain=shop.example; Secure; HttpOnly; SameSite=Lax",
    )


@pytest.mark.parametrize(
    "bad", [{"visitor_cookie": "a b"}, {"visitor_domain": "x;y"}, {"visitor_domain": "a..b"}]
)
def test_what_no_browser_takes_is_refused(bad: dict[str, str]) -> None:
    with pytest.raises(SettingError, match="will not do"):
        visitors(CollectorSettings(**bad))  # type: ignore[arg-type]  # the names are those of two texts
