"""The web SDK in a real browser: what it notices by itself, and what it must never take along."""

import json
from datetime import datetime
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.e2e.web.shop import Shop, flush

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("up")]

SECRETS = ["hunter2", "4111111111111111", "Mei Lin", "mei@shop.example", "private words", "tok-99"]
FORM = """
<style>body { margin: 0 } main { padding: 20px } button { border: 0 }</style>
<main id="checkout" class="wide dark">
  <form action="/order?token=tok-99#x" method="post" onsubmit="return false">
    <input name="id" placeholder="Mei Lin"><input name="tagName" type="password">
    <input type="hidden" value="tok-99">
    <textarea></textarea><select><option>none</option><option value="Mei Lin">private words</option></select>
    <div contenteditable></div>
    <label>Card <input type="checkbox" value="tok-99"></label>
    <button class="buy now" type="submit" value="tok-99">Pay as Mei Lin</button>
  </form>
  <p data-sojourn-ignore><button id="hidden">no</button></p>
  <p><a href="/teas/7?user=mei@shop.example#tok-99"><b>Tea</b></a>
  <a href="mailto:mei@shop.example">Write</a></p>
</main>
"""


def filled(shop: Shop, *attributes: str) -> Page:
    page = shop.open(*attributes, body=FORM)
    page.evaluate("document.querySelectorAll('a').forEach((a) => { a.onclick = () => false; })")
    return page


def test_clicks_say_where_and_nothing_of_what_is_written(shop: Shop) -> None:
    page = filled(shop, "data-autocapture")
    page.locator("input").nth(0).fill("Mei Lin")
    page.locator("input").nth(1).click()
    page.keyboard.type("hunter2")
    page.locator("textarea").click()
    page.keyboard.type("4111111111111111 mei@shop.example")
    page.locator("[contenteditable]").click()
    page.keyboard.type("private words")
    page.locator("select").select_option(index=1)
    page.get_by_label("Card").check()
    page.locator("#hidden").click()
    page.locator("b").click()
    page.get_by_text("Write").click()
    box = page.locator(".buy").bounding_box()
    assert box
    page.locator(".buy").click(position={"x": 3, "y": 4})
    flush(page)
    text = json.dumps([one.body for one in shop.front.heard], ensure_ascii=False)
    assert [secret for secret in SECRETS if secret in text] == []
    clicks = [event["properties"] for event in shop.front.named("Element Clicked")]
    elements = [click["element"] for click in clicks]
    assert [page.evaluate("(path) => document.querySelectorAll(path).length", one) for one in elements] == [
        1
    ] * len(elements)
    assert not any("#hidden" in one for one in elements)
    links = {one["element"].rpartition(" > ")[2]: one.get("href") for one in clicks}
    assert links["b:nth-of-type(1)"] == f"{shop.site}/teas/7"
    buy = clicks[-1]
    assert buy["element"].startswith("main#checkout.wide.dark:nth-of-type(1) > form")
    assert buy["element"].endswith("> button.buy.now:nth-of-type(1)")
    assert (buy["x"], buy["y"]) == pytest.approx((box["x"] + 3, box["y"] + 4), abs=1)
    assert (buy["viewport_width"], buy["viewport_height"]) == (1280, 720)
    (form,) = shop.front.named("Form Submitted")
    assert form["properties"]["href"] == f"{shop.site}/order"
    assert form["properties"]["element"].endswith("form:nth-of-type(1)")


@pytest.mark.slow
def test_x_and_y_are_of_the_page_also_when_it_is_scrolled(shop: Shop) -> None:
    style = "<style>body, button { display: block; margin: 0; border: 0 }</style>"
    body = f"{style}<div style='height:5000px'></div><button>Far down</button>"
    page = shop.open("data-autocapture", body=body)
    page.get_by_text("Far down").click(position={"x": 2, "y": 2})
    flush(page)
    (click,) = shop.front.named("Element Clicked")
    assert (click["properties"]["x"], click["properties"]["y"]) == (2, 5002)


def test_a_click_within_a_shadow_tree_is_found_and_can_be_ignored(shop: Shop) -> None:
    body = """<x-card id="open"></x-card><x-card data-sojourn-ignore></x-card><script>
      for (const card of document.querySelectorAll('x-card')) {
        card.attachShadow({mode: 'open'}).innerHTML = '<button>Inside</button>';
      }
    </script>"""
    page = shop.open("data-autocapture", body=body)
    page.get_by_text("Inside").nth(1).click()
    page.get_by_text("Inside").nth(0).click()
    flush(page)
    (click,) = shop.front.named("Element Clicked")
    assert click["properties"]["element"] == "x-card#open:nth-of-type(1) > button:nth-of-type(1)"


@pytest.mark.slow
def test_nothing_of_it_comes_unasked(shop: Shop) -> None:
    page = filled(shop)
    page.locator("b").click()
    page.locator(".buy").click()
    page.evaluate("setTimeout(() => { throw new Error('mine') })")
    flush(page)
    page.goto("about:blank")
    page.wait_for_timeout(200)
    assert [event["type"] for event in shop.front.events()] == ["page"]


# Input and scrolling reach a page a frame later: what it has heard of is counted before the SDK hears of it.
HEARD = """
  window.heard = {pointermove: 0, scroll: 0};
  for (const name in heard) addEventListener(name, () => heard[name]++, true);
"""


def engaged(shop: Shop, number: int) -> list[dict[str, Any]]:
    return shop.front.wait("Page Engaged", number)


def move(page: Page, x: int, y: int) -> None:
    """The pointer moves, and the page, in front, has heard of it."""
    page.wait_for_function("document.hasFocus()")
    before = page.evaluate("heard.pointermove")
    page.mouse.move(x, y)
    page.wait_for_function(f"heard.pointermove > {before}")


def test_engaged_time_counts_what_was_looked_at(shop: Shop) -> None:
    page = shop.open("data-engagement", body="<div style='height:2880px'></div>", script=HEARD, clock=True)
    start = page.evaluate("Date.now()")
    move(page, 10, 10)
    page.clock.run_for(4_000)
    move(page, 20, 20)
    page.evaluate("scrollTo(0, 720)")
    page.wait_for_function("scrollY == 720 && heard.scroll")
    page.clock.run_for(100_000)
    page.evaluate("history.pushState({}, '', '/second')")
    page.clock.run_for(500)
    move(page, 30, 30)
    page.clock.run_for(2_000)
    page.goto("about:blank")
    first, second = engaged(shop, 2)
    assert first["context"]["page"]["path"] == "/index.html"
    assert second["context"]["page"]["path"] == "/second"
    assert 34_000 <= first["properties"]["engaged_ms"] <= 35_500
    assert 2_000 <= second["properties"]["engaged_ms"] <= 3_000
    assert first["properties"]["scroll_percent"] == 50
    moment = page_time(first) - start
    assert 33_500 <= moment <= 35_500


def page_time(event: dict[str, Any]) -> float:
    return datetime.fromisoformat(event["timestamp"]).timestamp() * 1000


def test_hidden_time_does_not_count_and_nothing_is_told_twice(shop: Shop) -> None:
    page = shop.open("data-engagement", script=HEARD, clock=True)
    show = """(state) => {
      Object.defineProperty(document, 'visibilityState', {value: state, configurable: true});
      document.dispatchEvent(new Event('visibilitychange'));
    }"""
    move(page, 10, 10)
    page.clock.run_for(3_000)
    page.evaluate(show, "hidden")
    engaged(shop, 1)
    page.clock.run_for(20_000)
    page.evaluate(show, "visible")
    page.clock.run_for(2_000)
    page.evaluate(show, "hidden")
    page.goto("about:blank")
    page.wait_for_timeout(200)
    told = [event["properties"]["engaged_ms"] for event in engaged(shop, 2)]
    assert len(told) == 2
    assert 3_000 <= told[0] <= 4_500
    assert 2_000 <= told[1] <= 2_500


# Browsers tell of what they measured some time later, all observers in one go.
MEASURED = """
  window.measured = new Set();
  const told = (list) => list.getEntries().forEach((one) => {
    if (one.entryType != 'event' || one.interactionId) measured.add(one.entryType);
  });
  for (const type of ['paint', 'largest-contentful-paint', 'event'])
    new PerformanceObserver(told).observe({type, buffered: true, durationThreshold: 16});
"""


def test_web_vitals_come_once(shop: Shop) -> None:
    slow = "for (let t = Date.now(); Date.now() - t < 60;);"
    body = f"<h1 style='font-size:80px'>Tea</h1><button onclick='{slow}'>Slow</button>"
    page = shop.open("data-vitals", body=body, script=MEASURED)
    page.wait_for_function("measured.has('paint') && measured.has('largest-contentful-paint')")
    page.get_by_text("Slow").click()
    page.wait_for_function("measured.has('event')")
    page.goto("about:blank")
    (event,) = shop.front.wait("Web Vitals Measured")
    vitals = event["properties"]
    assert set(vitals) >= {"ttfb_ms", "fcp_ms", "lcp_ms", "inp_ms"}
    assert 0 <= vitals["ttfb_ms"] <= vitals["fcp_ms"] <= vitals["lcp_ms"]
    assert vitals["inp_ms"] >= 60


def test_errors_come_once_each_and_not_without_end(shop: Shop) -> None:
    page = shop.open("data-errors")
    page.evaluate("""async () => {
      Promise.reject(new Error('promised'));
      await new Promise((done) => setTimeout(done, 50));
      for (let n = 0; n < 30; n++) setTimeout(() => { throw new TypeError('broken ' + (n % 20)); });
      await new Promise((done) => setTimeout(done, 100));
    }""")
    flush(page)
    errors = [event["properties"] for event in shop.front.named("Error Raised")]
    assert len(errors) == 10
    assert len({one["message"] for one in errors}) == 10
    assert {"Error: promised", "Uncaught TypeError: broken 0"} <= {one["message"] for one in errors}
    assert all("stack" in one for one in errors)
