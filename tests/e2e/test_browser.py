"""A real browser: a page of another site carries the console's snippet, the console shows what it sends."""

import re
import time
from pathlib import Path
from typing import Literal

import httpx
import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Route, expect

from tests.e2e.conftest import Running, eventually

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("up")]

# What a browser without a head says of itself makes it a bot, which has no visits.
PERSON = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36"
# As long as a busy machine may need; what is there is seen at once.
LIVE_MS, TIMELINE_MS = 30_000, 60_000
expect.set_options(timeout=LIVE_MS)
# "Nothing found" is a page with status 404, which Chromium notes in its log.
EXPECTED = "the server responded with a status of 404"


PATHS = (
    *(
        "/",
        "/find?id=nobody-" + "x" * 300,
        "/nowhere",
        "/overview",
        "/explore",
        "/explore/paths",
        "/sql",
        "/data",
        "/data/refused/rows?code=wrong_type",
        "/install?by=python",
        "/explain/nothing-" + "x" * 300,
    ),
    *("/segments", "/users", "/audit", "/boards", "/heatmap", "/segments/rule", "/segments/rfm"),
    "/alerts",
    "/destinations",
    "/pipeline",
    "/imports",
    "/reports",
    "/automations",
)


@pytest.fixture
def complaints(page: Page) -> list[str]:
    """What the browser complains of on the console's pages: scripts, policy, missing files."""
    heard: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and EXPECTED not in message.text:
            heard.append(message.text)

    page.on("console", hear)
    page.on("pageerror", lambda error: heard.append(str(error)))
    return heard


def browser_of(page: Page) -> Browser:
    browser = page.context.browser
    assert browser
    return browser


def test_from_the_snippet_to_the_timeline(
    page: Page, running: Running, site: tuple[Path, str], complaints: list[str]
) -> None:
    folder, address = site
    page.goto(f"{running.console}/install")
    expect(page.locator("#sdks .newest")).to_be_visible()
    snippet = page.locator("#snippet").inner_text()
    live = browser_of(page).new_page()
    live.goto(running.console)
    expect(live.locator("#live")).to_have_attribute("data-state", "open", timeout=LIVE_MS)
    html = f"<!doctype html><title>Tea 茶</title><meta charset=utf-8>{snippet}"
    (folder / "index.html").write_text(html, "utf-8")

    shop = browser_of(page).new_page(user_agent=PERSON)
    shop.add_init_script("Object.defineProperty(navigator, 'webdriver', {get: () => false})")
    shop.goto(f"{address}/index.html?q=1")
    device = shop.evaluate("sojourn.anonymousId()")
    name, user = f"Added 商品 <b> {device[:8]}", f"mei-{device[:8]}"
    shop.evaluate(f"sojourn.track('{name}', {{price: 12.50, options: {{size: 'größe'}}}})")
    shop.evaluate(f"sojourn.identify('{user}', {{plan: 'gold'}})")

    expect(page.locator("[data-sdk=script]")).to_have_class("lit", timeout=LIVE_MS)
    expect(page.locator("#sdks .came")).to_be_visible()
    page = live
    row = page.locator("#live-rows tr", has_text=name)
    expect(row).to_be_visible(timeout=LIVE_MS)
    expect(row.locator(".verdict")).to_have_text("ok")
    expect(row.locator("time")).to_have_text(re.compile(r"^\d\d:\d\d:\d\d$"))
    row.get_by_role("link", name=device).click()

    expect(page).to_have_url(re.compile("/customers/c_"), timeout=TIMELINE_MS)
    expect(page.locator("h1")).to_have_text(user, timeout=TIMELINE_MS)
    expect(page.locator(".identities")).to_contain_text(device)
    event = page.locator(".event", has_text=name)
    event.locator("summary").click()
    expect(event.locator("dd", has_text="größe")).to_be_visible()
    assert complaints == []


def test_a_refused_event_shows_its_reason(page: Page, running: Running, complaints: list[str]) -> None:
    page.goto(running.console)
    expect(page.locator("#live")).to_have_attribute("data-state", "open", timeout=LIVE_MS)
    bad = {
        "writeKey": running.write_key,
        "event": "Tried",
        "userId": ["not", "an", "id"],
        "anonymousId": "d-1",
    }
    reply = httpx.post(f"{running.collector}/v1/track", json=bad).json()
    row = page.locator("#live-rows tr[data-verdict=rejected]", has_text="Tried")
    expect(row).to_contain_text(reply["verdicts"][0]["reason"], timeout=LIVE_MS)
    expect(row).to_contain_text("/userId")
    link = row.get_by_role("link", name="Explain").get_attribute("href")
    row.get_by_role("button", name="JSON").click()
    expect(page.locator("tr.said #line")).to_contain_text("Tried", timeout=TIMELINE_MS)
    row.get_by_role("button", name="JSON").press("Enter")
    expect(page.locator("tr.said")).to_have_count(0)
    page.get_by_role("checkbox", name="Only problems").check()
    expect(row).to_be_visible()
    page.goto(f"{running.console}{link}")
    expect(page.locator(".road")).to_contain_text("/userId")
    expect(page.locator(".road")).to_contain_text("Here its way ends", timeout=TIMELINE_MS)
    expect(page.locator("#line")).to_contain_text("Tried")
    page.goto(f"{running.console}/?event=Nothing+of+the+kind")
    expect(page.locator("#live")).to_have_attribute("data-state", "open", timeout=LIVE_MS)
    expect(page.locator("svg.strip")).to_be_visible(timeout=TIMELINE_MS)
    assert complaints == []


def late(route: Route) -> None:
    time.sleep(2)
    route.continue_()


def test_pause_holds_the_list_and_go_on_shows_what_came(page: Page, running: Running) -> None:
    page.route("**/hx-sse*", late)  # htmx must not begin before its part that opens streams is there
    page.goto(running.console)
    expect(page.locator("#live")).to_have_attribute("data-state", "open", timeout=LIVE_MS)
    page.get_by_role("button", name="Pause").click()
    event = {"writeKey": running.write_key, "event": "While paused", "anonymousId": "d-2"}
    httpx.post(f"{running.collector}/v1/track", json=event)
    expect(page.locator("#held")).to_be_visible(timeout=LIVE_MS)
    expect(page.locator("#live-rows tr", has_text="While paused")).to_have_count(0)
    page.get_by_role("button", name="Go on").click()
    expect(page.locator("#live-rows tr", has_text="While paused")).to_have_count(1)
    expect(page.locator("#held")).to_be_hidden()


FILES = {"curl": "sh", "python": "hello.py", "posthog-node": "hello.cjs"}


@pytest.mark.parametrize("way", FILES)
def test_copy_gives_what_is_shown(page: Page, running: Running, way: str, complaints: list[str]) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(f"{running.console}/install")
    page.locator(f"[data-sdk={way}] a").first.click()
    expect(page.locator(".snippet .bar span")).to_have_text(FILES[way])
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == page.locator("#snippet").text_content()
    assert "wk_" in copied
    assert complaints == []


@pytest.mark.parametrize(
    ("locale", "width"),
    [
        ("zh-CN", 360),
        ("en-GB", 1280),
        pytest.param("en-GB", 360, marks=pytest.mark.slow),
        pytest.param("zh-CN", 1280, marks=pytest.mark.slow),
    ],
)
def test_pages_fit_their_window(page: Page, running: Running, width: int, locale: str) -> None:
    view = browser_of(page).new_page(locale=locale, viewport={"width": width, "height": 800})
    for path in PATHS:
        view.goto(running.console + path)
        assert view.evaluate("document.documentElement.scrollWidth") <= width
        assert view.evaluate("document.documentElement.lang") == ("zh-CN" if locale == "zh-CN" else "en")


@pytest.fixture(scope="module")
def explored(running: Running) -> str:
    """A project with a customer of its own, who is in the lake."""
    batch = [
        {
            "type": "track",
            "event": name,
            "anonymousId": "explorer",
            "messageId": f"explored-{number}",
            "context": {"userAgent": PERSON, "page": {"path": "/tea"}},
            "properties": {"element": "main#tea > b:nth-of-type(1)", "x": 9, "y": 9, "viewport_width": 1280},
        }
        for number, name in enumerate(("Viewed", "Viewed", "Bought", "Element Clicked"))
    ]
    httpx.post(f"{running.collector}/v1/batch", json={"writeKey": running.key("explored"), "batch": batch})
    running.timeline("explorer", [f"explored-{number}" for number in range(4)])
    return "explored"


# Where the first number of the picture is; null while there is none: answers end some seconds ago.
SPOT = """() => {
    const figure = document.querySelector("figure.chart"), chart = echarts.getInstanceByDom(figure);
    const {data} = chart.getOption().series[0], labels = chart.getOption().xAxis[0].data;
    const at = data.findIndex((one) => one > 0), place = figure.getBoundingClientRect();
    if (at < 0) return null;
    const [x, y] = chart.convertToPixel({seriesIndex: 0}, [labels[at], data[at]]);
    return {x: place.x + x, y: place.y + y};
}"""


def first_number(page: Page) -> dict[str, float] | None:
    page.reload()
    expect(page.locator("figure.chart canvas").first).to_be_visible(timeout=TIMELINE_MS)
    found: dict[str, float] | None = page.evaluate(SPOT)
    return found


def test_explore_asks_draws_and_shows_the_numbers(
    page: Page, running: Running, complaints: list[str], explored: str
) -> None:
    page.goto(f"{running.console}/explore")
    page.get_by_role("link", name="Trends").click()
    page.get_by_label("From").fill("1d")
    page.get_by_text("More", exact=True).click()
    page.get_by_label("Project").fill(explored)
    page.get_by_role("button", name="Ask").click()
    expect(page.locator("figure.chart canvas").first).to_be_visible(timeout=TIMELINE_MS)
    expect(page.locator("table.numbers tbody tr").first).to_be_visible()
    assert page.url.endswith(f"/explore/trend?since=1d&project={explored}")
    named = (
        "(names) => worded({labels: [], series: names.map((name) => ({name}))}).series.map((one) => one.name)"
    )
    assert page.evaluate(named, ["constructor", "visits"]) == ["constructor", "visits"]
    segments = {"labels": ["at risk", "VIP"], "series": [], "labels_of": "rfm.segment."}
    assert page.evaluate("(chart) => worded(chart).labels", segments) == ["At risk", "VIP"]
    assert page.evaluate("(chart) => worded(chart).places", segments) == {"At risk": "at risk", "VIP": "VIP"}
    spot = eventually(lambda: first_number(page), lambda found: found is not None)
    page.wait_for_timeout(1_500)  # points come with the line as it is drawn
    assert spot
    page.mouse.click(spot["x"], spot["y"])
    expect(page).to_have_url(re.compile("/explore/trend/customers"))
    expect(page.locator("ol.plain a")).to_have_count(1)
    page.goto(f"{running.console}/explore/funnel?project={explored}&steps=Nothing-{'x' * 300}&steps=*")
    expect(page.get_by_role("alert")).to_contain_text("is not known here")
    assert complaints == []


def test_a_board_is_filled_and_arranged_by_keyboard(
    page: Page, running: Running, complaints: list[str], explored: str
) -> None:
    for number in (1, 2):
        page.goto(f"{running.console}/explore/trend?project={explored}&since=1d")
        page.get_by_text("Save or add to a board").click()
        page.get_by_label("Title").fill(f"Trend {number}")
        page.get_by_role("button", name="Add to the board").click()
        expect(page.locator(".tile figure.chart canvas").first).to_be_visible(timeout=TIMELINE_MS)
    page.get_by_role("link", name="Arrange").click()
    page.get_by_role("button", name="Move Trend 2 towards the beginning").press("Enter")
    expect(page.locator(".tile h2").first).to_have_text("Trend 2")
    # With both answers there the scripts run, and nothing moves under the pointer.
    expect(page.locator(".tile figure.chart canvas")).to_have_count(2, timeout=TIMELINE_MS)
    page.locator(".tile h2").first.drag_to(page.locator(".tile h2").last)
    expect(page.locator(".tile h2").first).to_have_text("Trend 1")
    page.get_by_role("link", name="Wall screen").click()
    expect(page.locator(".wall .tile figure.chart canvas").first).to_be_visible(timeout=TIMELINE_MS)
    assert complaints == []


def test_the_overview_counts_and_narrows(
    page: Page, running: Running, complaints: list[str], explored: str
) -> None:
    def visitors() -> str:
        page.goto(f"{running.console}/overview?project={explored}")
        expect(page.locator(".cards strong").first).to_be_visible(timeout=TIMELINE_MS)
        return page.locator(".cards strong").first.inner_text()

    # The numbers end with the last ten seconds that are over.
    eventually(visitors, lambda number: number == "1")
    expect(page.locator("figure.chart canvas").first).to_be_visible()
    page.locator(".lists a").first.click()
    expect(page.locator(".chip")).to_have_count(1)
    assert complaints == []


def test_sql_is_written_run_and_drawn(
    page: Page, running: Running, complaints: list[str], explored: str
) -> None:
    page.goto(f"{running.console}/sql")
    editor = page.get_by_role("textbox", name="SQL")
    editor.fill("")
    editor.press_sequentially("SELECT type, count(*) AS n FROM even")
    editor.press("Tab")
    editor.press_sequentially(" GROUP BY ALL")
    expect(editor).to_have_value("SELECT type, count(*) AS n FROM events GROUP BY ALL")
    editor.press("Control+Enter")
    expect(page.locator("table.numbers tbody tr").first).to_be_visible(timeout=TIMELINE_MS)
    expect(page.locator("figure.chart canvas").first).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("button", name="CSV").click()
    assert download.value.suggested_filename == "answer.csv"
    editor.fill("SELECT * FROM nothing_of_the_kind")
    page.get_by_role("button", name="Run").click()
    expect(page.get_by_role("alert")).to_contain_text("there is no table")
    assert complaints == []


def test_a_rule_is_made_and_its_size_is_shown(
    page: Page, running: Running, complaints: list[str], explored: str
) -> None:
    page.goto(f"{running.console}/segments/rule?project={explored}")
    page.get_by_label("Kind").select_option("did_not")
    expect(page.get_by_label("At least (times")).to_have_count(0)
    page.get_by_label("Event", exact=True).fill("Refunded")
    page.get_by_role("button", name="Show as YAML").click()
    expect(page.get_by_label("The rule as YAML")).to_have_value(re.compile("did_not: Refunded"))
    page.get_by_role("button", name="How many are these?").click()
    expect(page.locator("#tried")).to_contain_text("1 customers", timeout=TIMELINE_MS)
    assert complaints == []


@pytest.mark.parametrize("scheme", ["light", pytest.param("dark", marks=pytest.mark.slow)])
def test_everybody_can_use_the_pages(
    page: Page, running: Running, explored: str, scheme: Literal["light", "dark"]
) -> None:
    """axe-core finds nothing: names, roles, contrast, landmarks, focus."""
    axe = (Path(__file__).parent / "node/node_modules/axe-core/axe.min.js").read_text("utf-8")
    # The script is put into the page, which the page's own policy would not allow.
    context = browser_of(page).new_context(color_scheme=scheme, bypass_csp=True)
    view = context.new_page()
    asked = (
        f"/explore/trend?project={explored}&since=1d",
        f"/overview?project={explored}",
        "/find?id=explorer",
        f"/heatmap?project={explored}",
        "/find?id=explo",
        "/customers/explorer/identity",
        "/customers/explorer/privacy",
        f"/segments/rfm?project={explored}&event=Bought&since=1d",
    )
    beside = (
        "/boards/1?edit=1",
        f"/explore/trend/customers?project={explored}&since=1d&pick=%7B%7D",
    )
    for path in (*PATHS, *asked, *beside):
        view.goto(running.console + path)
        if path in asked:
            drawn = "figure.chart canvas, .visits, .wire, .grid, .graph, #searched, td.kind"
            shown = view.locator(drawn).first
            expect(shown).to_be_visible(timeout=TIMELINE_MS)
        view.evaluate(axe)
        found = view.evaluate("axe.run(document, {resultTypes: ['violations']})")
        told = [(one["id"], [node["html"][:200] for node in one["nodes"]]) for one in found["violations"]]
        assert told == [], path
    context.close()
