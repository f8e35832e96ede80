import html
import re

import pytest

from tests.console.conftest import Visitor
from warehouse.console.pages.preferences import local_path


def test_without_a_key_it_says_how_to_make_one(visitor: Visitor) -> None:
    assert "sojourn key create" in visitor.get("/").text


@pytest.mark.parametrize("way", ["script", "curl", "python", "node"])
def test_the_snippet_holds_the_collector_and_the_newest_key(visitor: Visitor, way: str) -> None:
    visitor.registry.create_key("old")
    newest = visitor.registry.create_key("shop")
    text = snippet_of(visitor.get(f"/?by={way}").text)
    assert newest.secret in text
    assert "http://127.0.0.1:8000" in text
    assert not re.search("ORIGIN|KEY", text)


def test_another_key_can_be_chosen_and_a_revoked_one_cannot(visitor: Visitor) -> None:
    first, second = visitor.registry.create_key("shop"), visitor.registry.create_key("app")
    assert first.secret in snippet_of(visitor.get(f"/?key={first.id}").text)
    visitor.registry.revoke_key(first.id)
    page = visitor.get(f"/?key={first.id}").text
    assert second.secret in snippet_of(page)
    assert first.secret not in page


@pytest.mark.parametrize(
    ("settings", "host", "origin"),
    [
        ({}, "127.0.0.1:8001", "http://127.0.0.1:8000"),
        ({}, "192.168.7.9:8001", "http://192.168.7.9:8000"),
        ({}, "[fd00::7]:8001", "http://[fd00::7]:8000"),
        ({"collector_url": "http://collector.lan:80"}, "192.168.7.9:8001", "http://collector.lan:80"),
        ({"collector_public_url": "https://in.shop.example"}, "127.0.0.1", "https://in.shop.example"),
    ],
)
def test_the_origin_is_the_one_the_visitor_can_reach(
    visitor: Visitor, settings: dict[str, str], host: str, origin: str
) -> None:
    visitor.registry.create_key("shop")
    there = Visitor(visitor.data, **settings)
    assert f'src="{origin}/sojourn.js"' in snippet_of(there.get("/", {"Host": host}).text)


FORWARDED = {"X-Forwarded-Host": "events.shop.example", "X-Forwarded-Proto": "https"}


@pytest.mark.parametrize(
    ("settings", "headers", "origin"),
    [
        ({"trusted_proxies": "127.0.0.0/8"}, FORWARDED, "https://events.shop.example"),
        ({"trusted_proxies": "127.0.0.1"}, {"X-Forwarded-Proto": "https"}, "https://192.168.7.9:8001"),
        ({"trusted_proxies": "127.0.0.1"}, {}, "http://192.168.7.9:8000"),
        ({"trusted_proxies": "10.0.0.0/8"}, FORWARDED, "http://192.168.7.9:8000"),
        ({}, FORWARDED, "http://192.168.7.9:8000"),
    ],
)
def test_behind_a_proxy_that_is_trusted_the_origin_is_the_outer_one(
    visitor: Visitor, settings: dict[str, str], headers: dict[str, str], origin: str
) -> None:
    visitor.registry.create_key("shop")
    there = Visitor(visitor.data, sdk_path="/tea.js", **settings)
    page = there.get("/", {"Host": "192.168.7.9:8001", **headers}).text
    assert f'src="{origin}/tea.js"' in snippet_of(page)


def test_names_of_keys_are_shown_as_text(visitor: Visitor) -> None:
    visitor.registry.create_key("shop", "<script>alert(1)</script>")
    page = visitor.get("/").text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page


def test_chinese_by_browser_and_by_choice(visitor: Visitor) -> None:
    assert "发送第一个事件" in visitor.get("/", {"Accept-Language": "zh-CN"}).text
    chosen = visitor.get("/prefer?language=zh&back=/%3Fby%3Dcurl")
    assert chosen.status_code == 303
    assert chosen.headers["location"] == "/?by=curl"
    cookie = chosen.headers["set-cookie"].partition(";")[0]
    page = visitor.get("/", {"Cookie": cookie, "Accept-Language": "en"}).text
    assert '<html lang="zh-CN"' in page


def test_colours_by_choice(visitor: Visitor) -> None:
    cookie = visitor.get("/prefer?theme=dark").headers["set-cookie"].partition(";")[0]
    assert 'data-theme="dark"' in visitor.get("/", {"Cookie": cookie}).text
    assert "set-cookie" not in visitor.get("/prefer?theme=pink&language=tlh").headers


@pytest.mark.parametrize("back", ["//evil.example", "https://evil.example", "/\\evil.example", "", "/a\r\nb"])
def test_a_choice_never_leads_to_another_site(back: str) -> None:
    assert local_path(back) == "/"


def test_unknown_pages(visitor: Visitor) -> None:
    answer = visitor.get("/nowhere")
    assert answer.status_code == 404
    assert "There is no such page." in answer.text


def snippet_of(page: str) -> str:
    found = re.search(r'<code id="snippet">(.*?)</code>', page, re.DOTALL)
    assert found
    return html.unescape(found[1])
