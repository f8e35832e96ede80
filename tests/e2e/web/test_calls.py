"""The web SDK in a real browser, on another origin than the collector: calls, pages, ids, consent."""

import json
import re
from base64 import b64encode
from collections import Counter
from hashlib import sha384

import httpx
import pytest

from sdk_contract.web import VERSION
from sdk_contract.web.snippet import snippet
from tests.e2e.conftest import Running
from tests.e2e.web.shop import Shop, flush
from tools.build_web import DIST, ROOT

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("up")]


def test_every_call_arrives_in_sql_once(shop: Shop, running: Running) -> None:
    early = """<script>
      const given = {price: 12.5, note: 'größe 茶', list: [1, {deep: null}]};
      sojourn.track('Product Viewed', given);
      given.price = 'changed after the call';
      sojourn.identify('mei-web', {plan: 'gold'});
    </script>"""
    page = shop.open(body=early)
    page.evaluate("""() => {
      sojourn.group(4711, {name: 'Équipe'});
      sojourn.page('Basket', {items: 2});
      sojourn.alias('mei-web-2');
    }""")
    device = page.evaluate("sojourn.anonymousId()")
    page.evaluate("sojourn.reset()")
    page.evaluate("sojourn.track('After', undefined)")
    other = page.evaluate("sojourn.anonymousId()")
    flush(page)
    sent = shop.front.events()
    rows = running.rows([event["messageId"] for event in sent])
    found = [rows[event["messageId"]] for event in sent]
    assert [(row["type"], row["event"], row["user_id"], row["anonymous_id"]) for row in found] == [
        ("page", None, None, device),
        ("track", "Product Viewed", None, device),
        ("identify", None, "mei-web", device),
        ("group", None, "mei-web", device),
        ("page", "Basket", "mei-web", device),
        ("alias", None, "mei-web-2", device),
        ("track", "After", None, other),
    ]
    assert device != other
    viewed, identified, grouped, basket, alias = found[1:6]
    assert json.loads(viewed["properties"]) == {
        "price": 12.5,
        "note": "größe 茶",
        "list": [1, {"deep": None}],
    }
    assert json.loads(identified["traits"]) == {"plan": "gold"}
    assert (grouped["group_id"], json.loads(grouped["traits"])) == ("4711", {"name": "Équipe"})
    assert json.loads(basket["context"])["groupId"] == "4711"
    assert alias["previous_id"] == "mei-web"
    assert (viewed["page_url"], viewed["page_title"]) == (f"{shop.site}/index.html", "Tea 茶")
    assert (viewed["library_name"], viewed["library_version"]) == ("sojourn-web", VERSION)
    assert viewed["screen_width"] > 0
    assert {row["verdict"] for row in found} == {"ok"}
    assert [dict(one.headers)["content-type"] for one in shop.front.heard] == [
        "text/plain;charset=UTF-8"
    ] * len(shop.front.heard)


def test_single_page_navigation(shop: Shop) -> None:
    page = shop.open()
    page.evaluate("""async () => {
      const changed = () => new Promise((done) => addEventListener('hashchange', done, {once: true}));
      history.pushState({}, '', '/tea?sort=new#top');
      setTimeout(() => { document.title = 'All teas'; }, 50);
      await new Promise((done) => setTimeout(done, 150));
      history.pushState({}, '', '/tea?sort=new#bottom');
      history.replaceState({}, '', '/tea?sort=new#middle');
      location.hash = 'anchor';
      await changed();
      history.pushState({}, '', '#/router');
      history.go(-1);
      await changed();
      sojourn.track('Clicked');
    }""")
    flush(page)
    site = shop.site
    views = [
        (one["context"]["page"]["url"], one["context"]["page"]["referrer"])
        for one in shop.front.named("page")
    ]
    assert views == [
        (f"{site}/index.html", ""),
        (f"{site}/tea?sort=new#top", f"{site}/index.html"),
        (f"{site}/tea?sort=new#/router", f"{site}/tea?sort=new#top"),
        (f"{site}/tea?sort=new#anchor", f"{site}/tea?sort=new#/router"),
    ]
    assert shop.front.named("page")[1]["context"]["page"]["title"] == "All teas"
    (clicked,) = shop.front.named("Clicked")
    assert clicked["context"]["page"]["search"] == "?sort=new"


@pytest.mark.slow
def test_a_page_that_sends_its_views_by_hand(shop: Shop) -> None:
    page = shop.open("data-pages=off", body="<script>sojourn.page('First')</script>")
    page.evaluate("history.pushState({}, '', '/quiet')")
    flush(page)
    assert [one.get("name") for one in shop.front.named("page")] == ["First"]
    second = shop.open(body="<script>sojourn.page('Named')</script>")
    flush(second)
    assert [one.get("name") for one in shop.front.named("page")] == ["First", "Named"]


def test_the_id_outlives_either_of_its_places(shop: Shop) -> None:
    page = shop.open()
    device = page.evaluate("sojourn.anonymousId()")
    assert page.evaluate("localStorage.sojourn_id") == device
    (cookie,) = page.context.cookies()
    assert (cookie["name"], cookie["value"], cookie["sameSite"]) == ("sojourn_id", device, "Lax")
    page.context.clear_cookies()
    page.reload()
    assert page.evaluate("sojourn.anonymousId()") == device
    page.evaluate("localStorage.clear()")
    page.reload()
    assert page.evaluate("sojourn.anonymousId()") == device


def test_two_tabs_are_one_visitor(shop: Shop) -> None:
    page = shop.open()
    other = page.context.new_page()
    other.goto(page.url)
    device = page.evaluate("sojourn.anonymousId()")
    assert other.evaluate("sojourn.anonymousId()") == device
    page.evaluate("sojourn.identify('mei')")
    # Chromium tells the process of another tab a moment later what was stored.
    other.wait_for_function("localStorage.sojourn_user == 'mei'")
    other.evaluate("sojourn.track('Elsewhere')")
    flush(other)
    assert [one["userId"] for one in shop.front.named("Elsewhere")] == ["mei"]
    other.evaluate("sojourn.reset()")
    page.wait_for_function("!localStorage.sojourn_user && !localStorage.sojourn_id")
    page.evaluate("sojourn.track('Anew')")
    flush(page)
    (anew,) = shop.front.named("Anew")
    assert "userId" not in anew
    assert anew["anonymousId"] != device
    other.wait_for_function("localStorage.sojourn_id")
    assert anew["anonymousId"] == other.evaluate("sojourn.anonymousId()")


BLOCKED = """
  for (const name of ['localStorage', 'sessionStorage'])
    Object.defineProperty(window, name, {get() { throw new DOMException('blocked', 'SecurityError'); }});
  Object.defineProperty(Document.prototype, 'cookie', {
    get() { throw new DOMException('blocked', 'SecurityError'); },
    set() { throw new DOMException('blocked', 'SecurityError'); },
  });
"""
FULL = """
  Storage.prototype.setItem = () => { throw new DOMException('full', 'QuotaExceededError'); };
  Object.defineProperty(Document.prototype, 'cookie', {get: () => '', set() {}});
"""


@pytest.mark.parametrize(
    "script", [BLOCKED, pytest.param(FULL, marks=pytest.mark.slow)], ids=["blocked", "full"]
)
def test_without_storage_it_works_until_the_page_is_left(shop: Shop, script: str) -> None:
    page = shop.open(script=script)
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.evaluate("sojourn.identify('mei')")
    page.evaluate("sojourn.track('Seen')")
    flush(page)
    (seen,) = shop.front.named("Seen")
    assert (seen["userId"], seen["anonymousId"]) == ("mei", page.evaluate("sojourn.anonymousId()"))
    assert problems == []


def test_before_sees_changes_and_drops(shop: Shop) -> None:
    body = """<script>sojourn.load({before(event) {
      if (event.event === 'Dropped') return null;
      event.context.page.search = '';
      return event;
    }})</script>"""
    page = shop.open(body=body)
    page.evaluate(
        "history.pushState({}, '', '?token=secret'); sojourn.track('Dropped'); sojourn.track('Kept')"
    )
    flush(page)
    kept = [(one.get("event"), one["context"]["page"]["search"]) for one in shop.front.events()]
    assert kept == [(None, ""), (None, ""), ("Kept", "")]


def test_debug_prints_a_verdict_an_event(shop: Shop) -> None:
    page = shop.open("data-debug")
    lines: list[str] = []
    page.on("console", lambda message: lines.append(message.text))
    page.evaluate("sojourn.track('Fine')")
    # The console is told of a little after the page has written to it.
    with page.expect_console_message(lambda message: "rejected identify" in message.text):
        page.evaluate("sojourn.identify('x'.repeat(2000))")
        flush(page)
    said = Counter(" ".join(line.split()[1:3]) for line in lines if line.startswith("[sojourn]"))
    assert said["ok track"] == 1
    assert said["rejected identify"] == 1
    (rejected,) = (line for line in lines if "rejected identify" in line)
    assert "bad_value /userId" in rejected
    lines.clear()
    page.evaluate("sojourn.debug(false)")
    page.evaluate("sojourn.track('Quiet')")
    flush(page)
    with page.expect_console_message(lambda message: message.text == "the end"):
        page.evaluate("console.log('the end')")
    assert lines == ["the end"]


def test_a_strict_policy_and_a_checksum_let_it_work(shop: Shop) -> None:
    script = httpx.get(f"{shop.front.url}/sojourn-{VERSION}.js").content
    checksum = f"sha384-{b64encode(sha384(script).digest()).decode()}"
    policy = f"default-src 'none'; script-src {shop.front.url}; connect-src {shop.front.url}"
    tag = (
        f'<script async src="{shop.front.url}/sojourn-{VERSION}.js" data-write-key="{shop.key}"'
        f' data-autocapture data-vitals data-errors integrity="{checksum}" crossorigin></script>'
    )
    page = shop.visitor().new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    meta = f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
    (shop.folder / "strict.html").write_text(f"<!doctype html>{meta}{tag}", "utf-8")
    page.goto(f"{shop.site}/strict.html")
    shop.front.wait("page")
    assert [one for one in complaints if "icon" not in one] == []


def test_as_a_module(shop: Shop) -> None:
    (shop.folder / "index.js").write_text((DIST / "index.js").read_text("utf-8"), "utf-8")
    text = f"""<!doctype html><script type="module">
      import {{ load }} from "./index.js";
      const sojourn = load({{ writeKey: "{shop.key}", host: "{shop.front.url}/", pages: false }});
      sojourn.track("From a module");
      if (load({{ writeKey: "other", host: "x" }}) !== sojourn) throw new Error("two of them");
      await sojourn.flush();
      document.title = "done";
    </script>"""
    (shop.folder / "module.html").write_text(text, "utf-8")
    page = shop.visitor().new_page()
    page.goto(f"{shop.site}/module.html")
    page.wait_for_function("document.title === 'done'")
    assert [one["event"] for one in shop.front.events()] == ["From a module"]


def test_a_page_that_is_loaded_ahead_counts_when_it_is_shown(shop: Shop) -> None:
    ahead = "Object.defineProperty(document, 'prerendering', {value: true, configurable: true})"
    page = shop.open(script=ahead, body="<script>sojourn.track('Ahead')</script>")
    flush(page)
    assert shop.front.heard == []
    page.evaluate("document.dispatchEvent(new Event('prerenderingchange'))")
    flush(page)
    assert [one["type"] for one in shop.front.events()] == ["page", "track"]


@pytest.mark.slow
def test_the_script_may_stand_twice(shop: Shop) -> None:
    page = shop.open()
    page.evaluate("""() => new Promise((done) => {
      const first = document.querySelector('script[data-write-key]');
      const again = Object.assign(document.createElement('script'), {src: first.src});
      again.dataset.writeKey = first.dataset.writeKey;
      again.onload = done;
      document.head.append(again);
    })""")
    flush(page)
    assert len(shop.front.named("page")) == 1


@pytest.mark.slow
def test_events_go_beside_the_script_and_to_any_path(shop: Shop) -> None:
    flush(shop.open("data-path=/sojourn.js"))
    assert len(shop.front.named("page")) == 1


def test_without_scripts_the_pixel_counts_the_view(shop: Shop, running: Running) -> None:
    context = shop.visitor(java_script_enabled=False)
    page = context.new_page()
    with page.expect_response(lambda answer: "/v1/pixel.gif" in answer.url) as waited:
        page.goto(shop.write() + "?from=mail")
    answer = waited.value
    assert (answer.status, len(answer.body())) == (200, 43)
    assert answer.headers["cache-control"] == "no-store"
    sql = "SELECT type, anonymous_id, page_url FROM events WHERE page_url = ?"
    (row,) = running.found(sql, [f"{shop.site}/index.html?from=mail"], 1)
    assert row["type"] == "page"
    assert row["anonymous_id"].startswith("noscript-")


def examples() -> dict[str, str]:
    """The scripts of the page about the SDK that say `<!-- page: name -->`, by name."""
    text = (ROOT / "docs" / "web-sdk.md").read_text("utf-8")
    return dict(re.findall(r"<!-- page: (\w+) -->\n```js\n(.*?)```", text, re.DOTALL))


def test_the_examples_of_the_documentation_do_what_they_say(shop: Shop) -> None:
    page = shop.open(body=f"<script>{examples()['before']}</script>")
    page.evaluate(f"async () => {{ {examples()['calls']} }}")
    kinds = [event["type"] for event in shop.front.events()]
    assert kinds == ["page", "track", "page", "identify", "group", "alias"]
    page.evaluate("history.pushState({}, '', '/internal/stock?q=1'); history.pushState({}, '', '/teas?q=1')")
    flush(page)
    (view,) = shop.front.events()[6:]
    assert (view["context"]["page"]["path"], view["context"]["page"]["search"]) == ("/teas", "")
    assert view["context"]["consent"] == {"categoryPreferences": {"analytics": True}}


def test_a_proxy_may_serve_it_under_a_path(shop: Shop) -> None:
    page = shop.visitor().new_page()
    page.route("**/in/**", lambda route: route.continue_(url=route.request.url.replace("/in/", "/")))
    lines = snippet(f"{shop.front.url}/in", shop.key)
    (shop.folder / "proxied.html").write_text(f"<!doctype html>{lines}", "utf-8")
    # Playwright passes a request on only while it is asked for something: until the answer is there.
    with page.expect_response("**/v1/batch"):
        page.goto(f"{shop.site}/proxied.html")
    assert len(shop.front.named("page")) == 1
