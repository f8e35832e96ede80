"""A page that the browser kept whole and shows again counts as a view, and engaged time goes on with it."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.conftest import chromium_browser
from tests.e2e.web.shop import Shop

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("up")]

# It tells whether it is the page that was left, and how long it has been seen since it was shown.
BODY = """<script>
  const born = Date.now();
  let shown = born;
  addEventListener('pageshow', ({persisted}) => {
    if (!persisted) return;
    shown = Date.now();
    sojourn.track('Shown Again', {born});
  });
  addEventListener('pagehide', () => sojourn.track('Left', {born, seen_ms: Date.now() - shown}));
</script>"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One that keeps pages whole, which playwright's do not."""
    with chromium_browser("--disable-back-forward-cache") as found:
        yield found


def at(event: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(event["timestamp"])


def test_a_page_that_is_shown_again_is_a_view_and_engaged_time_goes_on(shop: Shop) -> None:
    page = shop.open("data-engagement", body=BODY)
    other = shop.write("data-engagement", name="other.html")
    page.mouse.move(10, 10)
    page.wait_for_timeout(400)
    page.goto(other)
    shop.front.wait("page", 2)
    page.wait_for_timeout(1_500)
    page.go_back(wait_until="commit")
    views = shop.front.wait("page", 3)
    page.mouse.move(20, 20)
    page.wait_for_timeout(600)
    page.goto("about:blank")
    again, left, engaged = (
        shop.front.wait(*one) for one in (("Shown Again",), ("Left", 2), ("Page Engaged", 2))
    )
    assert {one["properties"]["born"] for one in (*again, *left)} == {left[0]["properties"]["born"]}
    first, away, back = sorted(views, key=at)
    assert [view["context"]["page"]["path"] for view in (first, away, back)] == [
        "/index.html",
        "/other.html",
        "/index.html",
    ]
    assert first["messageId"] != back["messageId"]
    assert first["anonymousId"] == back["anonymousId"]
    of_page = sorted((one for one in engaged if one["context"]["page"]["path"] == "/index.html"), key=at)
    assert len(of_page) == 2
    for told, seen in zip(of_page, sorted(left, key=at), strict=True):
        # The time away, 1.5 s, is in neither; which of two listeners hears of an ending first is open.
        assert 250 <= told["properties"]["engaged_ms"] <= seen["properties"]["seen_ms"] + 500
