"""Channel groups: by Google Analytics' definitions, and where we go further."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warehouse.enrich.channels import Arrival, channel_of
from warehouse.enrich.tables import read_table

CHANNELS = {row["channel"] for row in read_table("channels")["channels"]}


@pytest.mark.parametrize(
    ("arrival", "channel"),
    [
        (Arrival(), "Direct"),
        (Arrival("(direct)", "(none)"), "Direct"),
        (Arrival("google", "cpc", "x cross-network y", "search"), "Cross-network"),
        (Arrival("amazon", "cpc", None, "shopping"), "Paid Shopping"),
        (Arrival("partner", "ppc", "spring-shopping"), "Paid Shopping"),
        (Arrival("google", "cpc", None, "search"), "Paid Search"),
        (Arrival("baidu", "PaidSearch", None, "search"), "Paid Search"),
        (Arrival("weibo", "paid-social", None, "social"), "Paid Social"),
        (Arrival("bilibili", "cpv", None, "video"), "Paid Video"),
        (Arrival("partner", "banner"), "Display"),
        (Arrival("partner", "cpm"), "Display"),
        (Arrival("partner", "retargeting"), "Paid Other"),
        (Arrival("chatgpt.com", None, None, "ai"), "AI Assistants"),
        (Arrival("taobao", "referral", None, "shopping"), "Organic Shopping"),
        (Arrival("blog", "post", "shop"), "Organic Shopping"),
        (Arrival("blog", "post", "workshop"), "Unassigned"),
        (Arrival("zhihu", "referral", None, "social"), "Organic Social"),
        (Arrival("partner", "social-media"), "Organic Social"),
        (Arrival("youtube", None, None, "video"), "Organic Video"),
        (Arrival("partner", "video-post"), "Organic Video"),
        (Arrival("sogou", None, None, "search"), "Organic Search"),
        (Arrival("partner", "organic"), "Organic Search"),
        (Arrival("newsletter", "email"), "Email"),
        (Arrival("E-Mail", "x"), "Email"),
        (Arrival(site_class="mail", referred=True), "Email"),
        (Arrival("partner", "affiliate"), "Affiliates"),
        (Arrival("podcast", "audio"), "Audio"),
        (Arrival("sms", "x"), "SMS"),
        (Arrival("crm", "web-push"), "Mobile Push Notifications"),
        (Arrival("firebase", "x"), "Mobile Push Notifications"),
        (Arrival("partner", "link"), "Referral"),
        (Arrival(site_class="other", referred=True), "Referral"),
        (Arrival(site_class="search", referred=True), "Organic Search"),
        (Arrival(site_class="social", click=True), "Organic Social"),
        (Arrival(site_class="search", click=True, paid_click=True), "Paid Search"),
        (Arrival("partner", "post"), "Unassigned"),
    ],
)
def test_the_first_row_that_fits_decides(arrival: Arrival, channel: str) -> None:
    assert channel_of(arrival) == channel


TEXTS = st.none() | st.text(max_size=20) | st.sampled_from(["google", "cpc", "email", "\n", "shop"])


ARRIVALS = st.builds(Arrival, TEXTS, TEXTS, TEXTS, TEXTS, st.booleans(), st.booleans(), st.booleans())


@given(ARRIVALS)
def test_every_visit_has_a_channel(arrival: Arrival) -> None:
    assert channel_of(arrival) in CHANNELS
