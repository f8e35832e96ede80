"""Bots and scripts are marked with the reason; people, apps and servers are not."""

from __future__ import annotations

import pytest

from warehouse.enrich.bots import REASONS, Bot, judge_bot

CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/120.0.0.0 Safari/537.36"
WECHAT = (
    "Mozilla/5.0 (Linux; Android 14; V2309A) AppleWebKit/537.36 Version/4.0 Chrome/116.0.0.0 "
    "Mobile Safari/537.36 XWEB/1160117 MicroMessenger/8.0.48.2580 WeChat/arm64 Language/zh_CN"
)
CUBOT = "Mozilla/5.0 (Linux; Android 11; CUBOT X30) AppleWebKit/537.36 Chrome/120.0.0.0 Mobile Safari/537.36"
WEB, SERVER = "analytics.js", "analytics-python"


@pytest.mark.parametrize(
    ("text", "library", "reason"),
    [
        ("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", WEB, "crawler"),
        ("Mozilla/5.0 (compatible; Baiduspider/2.0)", None, "crawler"),
        ("Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2)", WEB, "crawler"),
        ("Mozilla/5.0 (compatible; ClaudeBot/1.0; +claudebot@anthropic.com)", WEB, "crawler"),
        ("Mozilla/5.0 (Linux; Android 5.0) Mobile Safari/537.36 (compatible; Bytespider)", WEB, "crawler"),
        ("Sogou web spider/4.0(+http://www.sogou.com/docs/help/webmasters.htm#07)", WEB, "crawler"),
        ("facebookexternalhit/1.1", WEB, "crawler"),
        (CHROME + " Chrome-Lighthouse", WEB, "crawler"),
        (CHROME.replace("Chrome/", "HeadlessChrome/"), WEB, "headless"),
        ("Mozilla/5.0 (Unknown; Linux) AppleWebKit/538.1 PhantomJS/2.1.1 Safari/538.1", None, "headless"),
        ("curl/8.4.0", WEB, "http_library"),
        ("python-requests/2.31.0", "Analytics.js", "http_library"),
        ("Go-http-client/2.0", WEB, "http_library"),
        (None, WEB, "no_user_agent"),
        ("", WEB, "no_user_agent"),
    ],
)  # fmt: skip
def test_programs_are_told_apart(text: str | None, library: str | None, reason: str) -> None:
    assert judge_bot(text, library, None, 1920, 1080) == Bot(True, reason)
    assert reason in REASONS


@pytest.mark.parametrize(
    ("text", "library"),
    [
        (CHROME, WEB),
        (WECHAT, WEB),
        (CUBOT, WEB),
        (CHROME, None),
        ("analytics-python/2.4.0", SERVER),
        ("python-requests/2.31.0", SERVER),
        ("curl/8.4.0", None),
        ("okhttp/4.12.0", "analytics-android"),
        ("LinheApp/4.2 (iPhone; iOS 17.0)", "analytics-ios"),
    ],
)
def test_people_apps_and_servers_are_none(text: str, library: str | None) -> None:
    assert judge_bot(text, library, None, 390, 844) == Bot(False, None)


def test_without_a_user_agent_only_a_browser_library_tells() -> None:
    assert judge_bot(None, SERVER, None, None, None) == Bot(None, None)
    assert judge_bot(None, None, None, None, None) == Bot(None, None)


def test_a_browser_may_say_itself_that_it_is_driven() -> None:
    assert judge_bot(CHROME, WEB, True, 1920, 1080) == Bot(True, "automation")
    assert judge_bot(CHROME, WEB, False, 1920, 1080) == Bot(False, None)


@pytest.mark.parametrize(("width", "height"), [(0, 0), (1, 1), (1920, 0), (99_999, 1080)])
def test_a_screen_that_cannot_be(width: int, height: int) -> None:
    assert judge_bot(CHROME, WEB, None, width, height) == Bot(True, "screen")
    assert judge_bot(CHROME, SERVER, None, width, height) == Bot(False, None)
