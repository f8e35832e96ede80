"""The web SDK in a real browser: what a visitor agreed to, and what their browser asks for."""

import pytest
from playwright.sync_api import Page

from tests.e2e.web.shop import Shop, flush

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("up")]

STORED = "[document.cookie, ...Object.entries(localStorage).flat(), ...Object.entries(sessionStorage).flat()]"


def quiet(shop: Shop, page: Page) -> None:
    """Nothing was sent, and nothing of ours stays in the browser."""
    page.evaluate("sojourn.track('Secretly')")
    flush(page)
    page.evaluate("sojourn.page('Secretly')")
    assert page.evaluate(STORED) == [""]
    page.goto("about:blank")
    page.wait_for_timeout(200)
    assert shop.front.heard == []


def test_denied_nothing_is_sent_or_stored(shop: Shop) -> None:
    quiet(shop, shop.open("data-consent=denied", "data-autocapture", "data-errors"))


GPC = "Object.defineProperty(navigator, 'globalPrivacyControl', {value: true})"
DNT = "Object.defineProperty(navigator, 'doNotTrack', {value: '1'})"


@pytest.mark.parametrize("script", [GPC, DNT], ids=["gpc", "dnt"])
def test_browsers_that_ask_to_be_let_alone_are(shop: Shop, script: str) -> None:
    page = shop.open(script=script)
    page.evaluate("sojourn.consent(true)")
    quiet(shop, page)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("script", "attribute"), [(GPC, "data-gpc=ignore"), (DNT, "data-dnt=ignore")], ids=["gpc", "dnt"]
)
def test_a_signal_can_be_left_to_the_collector(shop: Shop, script: str, attribute: str) -> None:
    flush(shop.open(attribute, script=script))
    assert len(shop.front.named("page")) == 1


def test_pending_waits_in_memory_and_a_yes_lets_it_go(shop: Shop) -> None:
    page = shop.open("data-consent=pending", body="<script>sojourn.track('Early')</script>")
    page.evaluate("sojourn.identify('mei')")
    flush(page)
    assert page.evaluate(STORED) == [""]
    assert shop.front.heard == []
    page.evaluate("sojourn.consent({analytics: true, marketing: false})")
    flush(page)
    sent = shop.front.events()
    assert [one["type"] for one in sent] == ["page", "track", "identify"]
    told = {"categoryPreferences": {"analytics": True, "marketing": False}}
    assert [one["context"]["consent"] for one in sent] == [told] * 3
    assert {one["anonymousId"] for one in sent} == {page.evaluate("localStorage.sojourn_id")}
    assert page.evaluate("localStorage.sojourn_user") == "mei"


def test_a_visitor_who_comes_back_is_known_once_they_agree(shop: Shop) -> None:
    page = shop.open()
    device = page.evaluate("sojourn.anonymousId()")
    flush(page)
    page.goto(shop.write("data-consent=pending"))
    page.evaluate("sojourn.track('Again')")
    page.evaluate("sojourn.consent(true)")
    flush(page)
    assert [one["anonymousId"] for one in shop.front.wait("Again")] == [device]


def test_a_no_removes_what_was_kept(shop: Shop) -> None:
    page = shop.open()
    page.evaluate("sojourn.identify('mei')")
    flush(page)
    number = len(shop.front.heard)
    page.evaluate("sojourn.track('Too late')")
    page.evaluate("sojourn.consent({analytics: false, marketing: true})")
    page.evaluate("sojourn.track('Later still')")
    flush(page)
    assert page.evaluate(STORED) == [""]
    assert len(shop.front.heard) == number
    page.evaluate("sojourn.consent(true)")
    page.evaluate("sojourn.track('Willing')")
    flush(page)
    assert [one.get("event") for one in shop.front.events()[2:]] == ["Willing"]
