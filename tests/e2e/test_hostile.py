"""What somebody sends to do harm is text on every page, and breaks none of them."""

from typing import Any, Final
from urllib.parse import quote

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Running
from tests.e2e.test_browser import LIVE_MS, PATHS, PERSON, TIMELINE_MS, browser_of

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("up")]

WIDTH: Final = 360
HARM: Final = "window.harmed = true"
VALUES: Final = {
    "script": f"<script>{HARM}</script>",
    "image": f'"><img src=x onerror="{HARM}">',
    "long": "long-" + "x" * 10_000,
    "bidi": "\u202etxt.exe\u2066\u200f",
    "template": "{{7*7}} ${7*7} {% raise %} <%= 7*7 %>",
    "emoji": "👩‍👩‍👧‍👦 🏳️‍🌈",
    "url": f"javascript:{HARM}",
}
# As JSON text: a value with a null byte is kept, one with half a letter is refused.
NULL: Final = '{"userId": "odd", "event": "Odd", "messageId": "m-odd", "properties": {"null": "a\\u0000b"}}'
HALF: Final = '{"userId": "odd", "event": "Half", "properties": {"half": "\\ud800 alone"}}'
USER: Final = VALUES["image"] + "\u202e"
# Pages that ask for nothing say the same whatever was sent.
LISTS: Final = [path for path in PATHS if not path.startswith(("/find", "/nowhere", "/install", "/explain"))]
# Parts of pages come a moment after them.
SETTLE_MS: Final = 150
# What a page may call an error: something that is not there.
EXPECTED: Final = "the server responded with a status of 404"


def batch() -> list[dict[str, Any]]:
    """An event named by each value, all of one person; an identify whose traits hold them all."""
    common = {"userId": USER, "anonymousId": VALUES["bidi"]}
    page = {
        "url": f"https://x.example/{VALUES['script']}",
        "title": VALUES["script"],
        "path": VALUES["image"],
    }
    context = {"userAgent": PERSON, "page": page, "locale": VALUES["template"]}
    events: list[dict[str, Any]] = [
        {
            "type": "track",
            "event": value,
            "messageId": f"m-{name}-<b>\u202e",
            "properties": {name: value, value: 1},
        }
        for name, value in VALUES.items()
    ]
    events.append({"type": "identify", "messageId": "m-traits", "traits": VALUES})
    events.append({"type": "page", "name": VALUES["script"], "messageId": "m-page"})
    events.append({"type": "track", "event": {"no": VALUES["script"]}, "messageId": "m-refused"})
    events.append({"type": "track", "event": "nul\0", "messageId": "m-nul"})
    return [{**common, "context": context, **event} for event in events]


def test_what_is_sent_to_do_harm_is_text_on_every_page(page: Page, running: Running) -> None:
    heard: list[str] = []
    view = browser_of(page).new_page(viewport={"width": WIDTH, "height": 800})
    view.on("console", lambda said: heard.append(said.text) if said.type in ("error", "warning") else None)
    view.on("pageerror", lambda error: heard.append(str(error)))
    view.on("dialog", lambda dialog: heard.append(dialog.message))
    view.goto(running.console)
    expect(view.locator("#live")).to_have_attribute("data-state", "open", timeout=LIVE_MS)
    key = running.key("hostile")
    sent = {"writeKey": key, "batch": batch()}
    assert httpx.post(f"{running.collector}/v1/batch", json=sent).status_code == 200
    odd, half = (
        httpx.post(f"{running.collector}/v1/track", content=raw, auth=(key, "")) for raw in (NULL, HALF)
    )
    assert (odd.json()["accepted"], half.json()["rejected"]) == (1, 1)
    refused = half.json()["verdicts"][0]["message_id"]
    expect(view.locator("#live-rows tr", has_text=VALUES["script"]).first).to_be_visible(timeout=LIVE_MS)
    unhurt(view, running.console, heard)
    running.timeline(USER, ["m-traits"])
    running.timeline("odd", ["m-odd"])
    for path in (*LISTS, *asked(), f"/explain/{refused}"):
        view.goto(running.console + path)
        view.wait_for_timeout(SETTLE_MS)
        unhurt(view, path, heard)
    view.goto(f"{running.console}/customers/{quote(USER, safe='')}?by=time")
    for value in VALUES.values():
        expect(view.locator(".event .name", has_text=value[:200]).first).to_be_attached(timeout=TIMELINE_MS)
    view.close()


def asked() -> tuple[str, ...]:
    """Pages that are asked for what was sent."""
    customer, name = f"/customers/{quote(USER, safe='')}", quote(VALUES["script"], safe="")
    explained = [f"/explain/{quote(event['messageId'], safe='')}" for event in batch()[:3]]
    questions = [f"/explore/{what}?project=hostile&since=1d" for what in ("trend", "paths")]
    return (
        f"/overview?project=hostile&where={name}", "/data/refused/rows", f"/?event={name}&sdk={name}",
        f"/find?id={quote(VALUES['long'][:500])}", f"/find?id={quote(VALUES['image'][:6])}",
        customer, f"{customer}?by=time&name={name}", f"{customer}/identity", f"{customer}/privacy",
        "/customers/odd", "/explain/m-odd", *explained, *questions,
        f"/explore/funnel?project=hostile&since=1d&steps={name}&steps=*",
        f"/explore/trend?project=hostile&since=1d&event={quote(VALUES['long'])[:2_000]}",
    )  # fmt: skip


def unhurt(view: Page, path: str, heard: list[str]) -> None:
    """Nothing ran, nothing was complained of, and the page is no wider than its window."""
    assert not view.evaluate("'harmed' in window"), path
    assert view.locator("img[src=x], a[href^=javascript]").count() == 0, path
    assert [one for one in heard if EXPECTED not in one] == [], path
    wide = view.evaluate("document.documentElement.scrollWidth")
    assert wide <= WIDTH, (path, wide)
