"""Clicks on known elements in a real browser, as a web SDK notices them by itself, in the heat map."""

import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page

from tests.conftest import chromium
from tests.e2e.conftest import Running, eventually
from tests.e2e.web.shop import Shop, flush

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("up")]

BODY = """
<main id="tea"><nav><a href="/teas?token=1" onclick="return false"><b>All</b> teas</a></nav>
<div class="row"><button class="buy now">Buy</button><button>Later</button></div><i>far</i></main>
"""
MAIN = "main#tea > "
LATER = MAIN + "div:nth-of-type(1) > button:nth-of-type(2)"
CLICKS = {
    MAIN + "div:nth-of-type(1) > button:nth-of-type(1)": 2,
    LATER: 4,
    MAIN + "nav:nth-of-type(1) > a:nth-of-type(1) > b:nth-of-type(1)": 1,
}


def click(page: Page) -> None:
    for number, times in enumerate((2, 4)):
        for _ in range(times):
            page.locator("button").nth(number).click(position={"x": 3, "y": 4})
    page.locator("b").click()


def counted(running: Running, project: str, path: str, clicks: int) -> dict[str, Any]:
    """The heat map of a page once it has so many clicks; a browser without a head is a robot."""

    def ask() -> dict[str, Any]:
        place = f"{running.console}/api/insights/heatmap"
        asked = {"project": project, "page": path, "bots": "true"}
        answer = httpx.get(place, params=asked)
        found: dict[str, Any] = answer.json()
        return found

    return eventually(ask, lambda found: found.get("clicks") == clicks)


def of(found: Mapping[str, Any]) -> dict[str, int]:
    return {one["element"]: one["clicks"] for one in found["elements"]}


def test_clicks_of_our_own_are_counted_by_element(shop: Shop, running: Running) -> None:
    shop.key = running.key("clicked")
    page = shop.open("data-autocapture", body=BODY)
    click(page)
    flush(page)
    found = counted(running, "clicked", "/index.html", 7)
    assert of(found) == CLICKS
    (later,) = (one for one in found["elements"] if one["element"] == LATER)
    assert (later["rage"], later["units"], later["label"]) == (1, 1, "button:nth-of-type(2)")
    assert next(one for one in found["elements"] if one["clicks"] == 1)["href"] == f"{shop.site}/teas"
    assert sum(one["clicks"] for one in found["spots"]) == 7
    assert (found["views"], found["unplaced"]) == (1, 0)


POSTHOG = """
import posthog from "posthog-js";
posthog.init(KEY, {api_host: HOST, opt_out_useragent_filter: true, person_profiles: "always",
  capture_heatmaps: true, request_queue_config: {flush_interval_ms: 300},
  loaded: (one) => { window.told = one; }});
"""


@pytest.mark.slow
@pytest.mark.node
def test_clicks_of_posthog_are_the_same_elements(shop: Shop, running: Running, tmp_path: Path) -> None:
    node = Path(__file__).parent.parent / "node" / "node_modules"
    key = running.key("clicked-posthog")
    (tmp_path / "posthog.mjs").write_text(
        POSTHOG.replace("KEY", f'"{key}"').replace("HOST", f'"{running.collector}"'), "utf-8"
    )
    command = [str(node / ".bin/esbuild"), "--bundle", "--format=iife", "--log-level=error"]
    subprocess.run(
        [*command, f"--outfile={tmp_path}/posthog.js", f"{tmp_path}/posthog.mjs"],
        env={"NODE_PATH": str(node.resolve()), "PATH": str(Path(chromium()).parent)},
        check=True,
    )
    text = f"<!doctype html><meta charset=utf-8><title>Tea</title>{BODY}<script src=posthog.js></script>"
    (tmp_path / "posthog.html").write_text(text, "utf-8")
    page = shop.visitor().new_page()
    page.goto(f"{shop.site}/posthog.html")
    page.wait_for_function("window.told && told.autocapture && told.autocapture.isEnabled")
    page.wait_for_timeout(1_000)  # it asks for its settings, and only then listens
    click(page)
    page.wait_for_timeout(1_500)
    page.goto("about:blank")
    found = counted(running, "clicked-posthog", "/posthog.html", 7)
    assert of(found) == CLICKS
    assert {one["label"] for one in found["elements"]} >= {"Buy", "Later"}
    assert found["measured"] == found["views"] == 1
    assert sum(one["clicks"] for one in found["spots"]) == 7
