import html
import re

import pytest
from starlette.requests import Request

from loadtest.sdks.known import SDKS
from tests.console.conftest import CHEAP, NOW, Visitor
from warehouse.console.first_events import Wait
from warehouse.console.pages.install import listed
from warehouse.console.pages.preferences import local_path
from warehouse.console.render import Pages
from warehouse.console.snippets import sdks, sender, snippet
from warehouse.registry import Key

KEY = Key(1, "k", "shop", "wk_1", "", NOW, None)


def test_without_a_key_it_says_how_to_make_one(visitor: Visitor) -> None:
    assert "sojourn key create" in visitor.get("/install").text


def test_the_lines_of_every_sdk_are_those_that_the_sdk_tests_run() -> None:
    """Each package that those run stands here, and each of ours names the collector and the key."""
    ours = [one.package for one in SDKS if one.home]
    texts = " ".join(one.text for one in sdks())
    assert [one.package for one in SDKS if one.package not in texts and one.package not in ours] == [
        "sa-sdk-miniprogram"
    ]
    for one in sdks():
        text = snippet(one.name, "https://in.shop.example", "wk_1", "/s.js").text
        assert "wk_1" in text
        assert "in.shop.example" in text


@pytest.mark.parametrize(
    ("dialect", "library", "name"),
    [
        ("segment", "sojourn-web", "script"),
        ("segment", None, "curl"),
        ("segment", "analytics-python", "python"),
        ("segment", "@segment/analytics-node", "node"),
        ("segment", "analytics.js", "segment-page"),
        ("segment", "rudder-analytics-python", "rudderstack-python"),
        ("amplitude", "amplitude-ts", "amplitude-page"),
        ("amplitude", "amplitude-node-ts", "amplitude-node"),
        ("posthog", "web", "posthog-page"),
        ("snowplow", "snowplow-py", "snowplow-python"),
        ("clickstream", "aws-solution-clickstream-sdk", "clickstream-page"),
        ("ga4", None, None),
    ],
)
def test_an_event_tells_which_sdk_sent_it(dialect: str, library: str | None, name: str | None) -> None:
    found = sender(dialect, library)
    assert (found.name if found else None) == name


def live(name: str, verdict: str = "ok", **more: object) -> dict[str, object]:
    given = {"reason": None, "pointer": None, "received_at": 1, "message_id": name, "dialect": "segment"}
    return {"event": name, "type": "track", "verdict": verdict, "sdk": None, "key_id": "k", **given, **more}


def test_the_row_of_the_sdk_that_sent_lights_up_and_a_refusal_says_why(visitor: Visitor) -> None:
    wait = Wait()
    assert "Waiting for your first event" in sdk_list(wait)
    wait.take(live("Hello", sdk="analytics-python"))
    page = sdk_list(wait)
    assert re.search('class="lit" data-sdk="python"', page)
    assert page.count('class="lit"') == 1
    assert "It is here" in page
    wait.take(live("Odd <b>", "rejected", reason="wrong_type", pointer="/userId"))
    page = sdk_list(wait)
    assert re.search('class="no" data-sdk="curl"', page)
    for words in (
        "wrong_type",
        "/userId",
        "Mend what is named here",
        "Odd &lt;b&gt;",
        "/explain/Odd%20%3Cb%3E",
    ):
        assert words in page


def sdk_list(wait: Wait) -> str:
    request = Request({"type": "http", "path": "/install", "query_string": b"", "headers": []})
    return Pages().part(request, "_sdks.html", key=KEY, **listed(wait))


def test_only_who_may_manage_keys_sees_one(visitor: Visitor) -> None:
    key = visitor.registry.create_key("shop")
    shut = Visitor(visitor.data, console_open=False)
    shut.registry.create_user("li", "support", "test", password=CHEAP.hash("a long password here"))
    shut.signed_in("li", "a long password here")
    page = shut.get("/install").text
    assert key.secret not in page
    assert "YOUR_WRITE_KEY" in snippet_of(page)
    shut.registry.close()


@pytest.mark.parametrize("way", [one.name for one in sdks()])
def test_the_snippet_holds_the_collector_and_the_newest_key(visitor: Visitor, way: str) -> None:
    visitor.registry.create_key("old")
    newest = visitor.registry.create_key("shop")
    text = snippet_of(visitor.get(f"/install?by={way}").text)
    assert newest.secret in text
    assert "127.0.0.1" in text
    assert "8000" in text
    assert not re.search("ORIGIN|KEY", text)


def test_another_key_can_be_chosen_and_a_revoked_one_cannot(visitor: Visitor) -> None:
    first, second = visitor.registry.create_key("shop"), visitor.registry.create_key("app")
    assert first.secret in snippet_of(visitor.get(f"/install?key={first.id}").text)
    visitor.registry.revoke_key(first.id)
    page = visitor.get(f"/install?key={first.id}").text
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
    assert f'src="{origin}/sojourn.js"' in snippet_of(there.get("/install", {"Host": host}).text)


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
    page = there.get("/install", {"Host": "192.168.7.9:8001", **headers}).text
    assert f'src="{origin}/tea.js"' in snippet_of(page)


def test_names_of_keys_are_shown_as_text(visitor: Visitor) -> None:
    visitor.registry.create_key("shop", "<script>alert(1)</script>")
    page = visitor.get("/install").text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page


def test_chinese_by_browser_and_by_choice(visitor: Visitor) -> None:
    assert "发送第一个事件" in visitor.get("/install", {"Accept-Language": "zh-CN"}).text
    chosen = visitor.get("/prefer?language=zh&back=/%3Fby%3Dcurl")
    assert chosen.status_code == 303
    assert chosen.headers["location"] == "/?by=curl"
    cookie = chosen.headers["set-cookie"].partition(";")[0]
    page = visitor.get("/install", {"Cookie": cookie, "Accept-Language": "en"}).text
    assert '<html lang="zh-CN"' in page


def test_colours_by_choice(visitor: Visitor) -> None:
    cookie = visitor.get("/prefer?theme=dark").headers["set-cookie"].partition(";")[0]
    assert 'data-theme="dark"' in visitor.get("/install", {"Cookie": cookie}).text
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
