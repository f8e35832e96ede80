"""What page address and referrer say: parts of the address, campaign, ad click, referrer, channel."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warehouse.enrich.referrers import site_of_source
from warehouse.enrich.tables import read_table
from warehouse.enrich.visits import Campaign, Visit, read_visit

NO_CAMPAIGN = Campaign()


def seen(url: str, referrer: str | None = None, campaign: Campaign = NO_CAMPAIGN) -> dict[str, Any]:
    return {name: value for name, value in read_visit(url, referrer, campaign)._asdict().items() if value}


def test_the_parts_of_a_page_address() -> None:
    found = seen("https://User@Shop.Example:8443/a%20b?q=1&q=2#top")
    assert found == {
        "page_host": "shop.example",
        "page_path": "/a%20b",
        "page_search": "?q=1&q=2",
        "channel": "Direct",
    }
    assert seen("https://shop.example")["page_path"] == "/"


@pytest.mark.parametrize(
    "url", ["", "no address", "/only/a/path?x=1", "https://[bad", "data:text/html,x", "https://", "\0"]
)
def test_what_is_no_address_has_no_parts(url: str) -> None:
    assert seen(url) == {"channel": "Direct"}


def test_the_campaign_of_the_address_fills_what_the_sdk_did_not_say() -> None:
    url = "https://s.example/?utm_source=baidu&utm_medium=cpc&utm_campaign=%E7%A7%8B&utm_term=tea&utm_content=b&utm_id=42"
    found = seen(url)
    assert [found[f"campaign_{name}"] for name in ("source", "medium", "name", "term", "content", "id")] == [
        *("baidu", "cpc", "秋", "tea", "b", "42"),
    ]
    own = seen(url, None, Campaign("mine", None, "spring"))
    assert (own["campaign_source"], own["campaign_medium"], own["campaign_name"]) == ("mine", "cpc", "spring")


@pytest.mark.parametrize(
    ("query", "kind", "value", "channel"),
    [
        *(
            (f"{name}=v1", name, "v1", "Paid Search")
            for name in (
                "gclid",
                "gbraid",
                "wbraid",
                "msclkid",
                "bd_vid",
                "qhclickid",
                "sg_vid",
                "uctrackid",
                "yclid",
            )
        ),
        *(
            (f"{name}=v1", name, "v1", "Paid Social")
            for name in ("ttclid", "twclid", "li_fat_id", "gdt_vid", "qz_gdt")
        ),
        ("dclid=v1", "dclid", "v1", "Display"),
        ("fbclid=v1", "fbclid", "v1", "Organic Social"),
        ("fbclid=v1&gclid=v2", "gclid", "v2", "Paid Search"),
        ("clickid=v1&adid=7", "clickid", "v1", "Paid Social"),
        ("utm_source=newsletter&utm_medium=email&gclid=v1", "gclid", "v1", "Paid Search"),
    ],
)
def test_click_ids_of_ad_networks(query: str, kind: str, value: str, channel: str) -> None:
    found = seen(f"https://s.example/?{query}")
    assert (found["click_id_kind"], found["click_id"], found["channel"]) == (kind, value, channel)


@pytest.mark.parametrize("query", ["clickid=v1", "gclid=", "GCLID=x", "xgclid=1"])
def test_what_is_no_click_id(query: str) -> None:
    assert "click_id" not in seen(f"https://s.example/?{query}")


@pytest.mark.parametrize(
    ("referrer", "expected"),
    [
        ("https://www.baidu.com/link?url=x", ("www.baidu.com", "search", "Baidu", "Organic Search")),
        ("https://chatgpt.com/", ("chatgpt.com", "ai", "ChatGPT", "AI Assistants")),
        ("android-app://com.tencent.mm", ("com.tencent.mm", "social", "WeChat", "Organic Social")),
        ("https://blog.example.org/x", ("blog.example.org", "other", None, "Referral")),
        ("https://www.shop.example/x", ("www.shop.example", "internal", None, "Direct")),
        ("", (None, None, None, "Direct")),
        ("nonsense", (None, None, None, "Direct")),
        ("https://[bad", (None, None, None, "Direct")),
    ],
)
def test_who_sent_the_visitor(referrer: str, expected: tuple[str | None, ...]) -> None:
    found = seen("https://shop.example/", referrer)
    names = ("referrer_host", "referrer_class", "referrer_source", "channel")
    assert tuple(found.get(name) for name in names) == expected


def test_a_named_source_goes_before_the_referrer() -> None:
    found = seen("https://s.example/?utm_source=newsletter&utm_medium=email", "https://www.google.com/")
    assert (found["channel"], found["referrer_source"]) == ("Email", "Google")
    assert seen("https://s.example/?utm_medium=cpc", "https://www.google.com/")["channel"] == "Paid Search"


def test_long_values_are_cut_and_many_parameters_ignored() -> None:
    assert len(seen("https://s.example/?gclid=" + "x" * 5000)["click_id"]) == 1024
    assert "click_id" not in seen("https://s.example/?" + "a=1&" * 300 + "gclid=x")


def test_the_sources_of_click_ids_are_known_where_their_class_is_that_of_a_site() -> None:
    for row in read_table("click_ids"):
        if (site := site_of_source(row["source"])) is not None:
            assert {site.kind, row["class"]} in ({site.kind}, {"search", "display"}, {"search", "shopping"})


@given(st.text(), st.none() | st.text(), st.text())
def test_nothing_that_is_sent_makes_it_fail(url: str, referrer: str | None, source: str) -> None:
    for address in (url, f"https://{url}", f"https://s.example/?utm_source={url}&gclid={url}"):
        assert isinstance(read_visit(address, referrer, Campaign(source or None)), Visit)
