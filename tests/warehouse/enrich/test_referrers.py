"""Sites that send visitors, Chinese and Western: their class and name, wherever in their domain."""

from __future__ import annotations

import pytest

from warehouse.enrich.referrers import Site, is_same_site, site_of, site_of_source
from warehouse.enrich.tables import read_table

KINDS = {"search", "social", "mail", "ai", "video", "shopping"}


@pytest.mark.parametrize(
    ("host", "kind", "name"),
    [
        ("www.baidu.com", "search", "Baidu"),
        ("m.baidu.com", "search", "Baidu"),
        ("tieba.baidu.com", "social", "Tieba"),
        ("yiyan.baidu.com", "ai", "ERNIE Bot"),
        ("www.sogou.com", "search", "Sogou"),
        ("weixin.sogou.com", "search", "WeChat Search"),
        ("www.so.com", "search", "360 Search"),
        ("cn.bing.com", "search", "Bing"),
        ("www.google.com.hk", "search", "Google"),
        ("www.google.de", "search", "Google"),
        ("google.co.uk", "search", "Google"),
        ("mail.google.com", "mail", "Gmail"),
        ("gemini.google.com", "ai", "Gemini"),
        ("m.sm.cn", "search", "Shenma"),
        ("quark.sm.cn", "search", "Quark"),
        ("mp.weixin.qq.com", "social", "WeChat"),
        ("channels.weixin.qq.com", "video", "WeChat Channels"),
        ("servicewechat.com", "social", "WeChat"),
        ("com.tencent.mm", "social", "WeChat"),
        ("m.weibo.cn", "social", "Weibo"),
        ("zhuanlan.zhihu.com", "social", "Zhihu"),
        ("www.xiaohongshu.com", "social", "Xiaohongshu"),
        ("www.douyin.com", "social", "Douyin"),
        ("b23.tv", "video", "Bilibili"),
        ("www.doubao.com", "ai", "Doubao"),
        ("chat.deepseek.com", "ai", "DeepSeek"),
        ("kimi.moonshot.cn", "ai", "Kimi"),
        ("yuanbao.tencent.com", "ai", "Yuanbao"),
        ("chatgpt.com", "ai", "ChatGPT"),
        ("www.perplexity.ai", "ai", "Perplexity"),
        ("copilot.microsoft.com", "ai", "Copilot"),
        ("claude.ai", "ai", "Claude"),
        ("t.co", "social", "X"),
        ("l.facebook.com", "social", "Facebook"),
        ("detail.tmall.com", "shopping", "Tmall"),
        ("www.amazon.co.jp", "shopping", "Amazon"),
        ("mail.qq.com", "mail", "QQ Mail"),
    ],
)
def test_known_sites(host: str, kind: str, name: str) -> None:
    assert site_of(host) == Site(kind, name)


@pytest.mark.parametrize(
    "host",
    [
        "example.com",
        "google.evil.com",
        "notgoogle.com",
        "baidu.com.evil.net",
        "qq.com",
        "com",
        "",
        "a" * 300,
        "1.2.3.4",
    ],
)
def test_others_are_not_taken_for_them(host: str) -> None:
    assert site_of(host) is None
    assert site_of(".".join("abcdefghijklmnop")) is None


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("google", "Google"),
        ("Baidu", "Baidu"),
        ("chatgpt.com", "ChatGPT"),
        ("m.facebook.com", "Facebook"),
        ("xhs", "Xiaohongshu"),
        ("newsletter", None),
    ],
)
def test_a_source_is_known_by_name_or_host(source: str, name: str | None) -> None:
    found = site_of_source(source)
    assert (found.name if found else None) == name


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("shop.example.com", "www.example.com", True),
        ("example.com", "example.com", True),
        ("a.example.com.cn", "b.example.com.cn", True),
        ("a.com.cn", "b.com.cn", False),
        ("example.com", "example.org", False),
        ("127.0.0.1", "127.0.0.1", True),
        ("10.0.0.1", "11.0.0.1", False),
        ("localhost", "localhost", True),
    ],
)
def test_hosts_of_one_site(one: str, other: str, same: bool) -> None:
    assert is_same_site(one, other) is same


def test_no_host_and_no_source_is_two_sites() -> None:
    table, seen = read_table("referrers"), set()
    assert set(table) == KINDS
    for named in table.values():
        for entries in named.values():
            at = next((n for n, entry in enumerate(entries) if entry.startswith("as ")), len(entries))
            for entry in [("host", one) for one in entries[:at]] + [("as", one) for one in entries[at:]]:
                assert entry not in seen
                assert entry[1] == entry[1].lower().strip()
                seen.add(entry)
