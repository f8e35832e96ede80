"""Unmodified Snowplow trackers against the running program: every event is in SQL once, with its fields."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.e2e.conftest import Running

pytestmark = pytest.mark.xdist_group("up")

HERE = Path(__file__).parent
BUNDLE = HERE / "node/node_modules/@snowplow/browser-tracker/dist/index.umd.min.js"
PAGE = """<!doctype html><meta charset=utf-8><title>茶 · Tea</title><script src=sp.js></script><script>
const sp = snowplowBrowserTracking
sp.newTracker("sp", "%s", {appId: "%s", bufferSize: 1, eventMethod: "%s"})
sp.setUserId("%s")
sp.trackPageView({context: [{schema: "iglu:com.acme/plan/jsonschema/1-0-0", data: {name: "pro"}}]})
sp.trackStructEvent({category: "shop", action: "add", label: "SÖMMER 🌞", value: 2.5})
sp.trackSelfDescribingEvent({event: {schema: "iglu:com.acme/viewed_product/jsonschema/1-0-0",
  data: {price: 12.5, options: {size: "größe"}}}})
</script>"""


def check(running: Running, user: str, library: str) -> None:
    """Three events of the user, each once, with what they said."""
    rows = running.found("SELECT * FROM events WHERE user_id = ? ORDER BY type, event", [user], 3)
    assert [(row["type"], row["event"]) for row in rows] == [
        ("page", "茶 · Tea"),
        ("track", "add"),
        ("track", "viewed_product"),
    ]
    page, structured, described = rows
    assert page["page_title"] == "茶 · Tea"
    assert json.loads(page["context"])["snowplow"]["entities"]["plan"] == {"name": "pro"}
    assert json.loads(structured["properties"]) == {"category": "shop", "label": "SÖMMER 🌞", "value": 2.5}
    assert json.loads(described["properties"]) == {"price": 12.5, "options": {"size": "größe"}}
    for row in rows:
        assert (row["dialect"], row["verdict"], row["library_name"]) == ("snowplow", "ok", library)
        assert row["anonymous_id"]
        assert row["clock"] is None


@pytest.mark.parametrize("method", ["post", "get"])
def test_the_python_tracker(running: Running, method: str) -> None:
    user = f"snowplow-python-{method}"
    command = [sys.executable, str(HERE / "snowplow.py"), running.collector, running.write_key, user, method]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    check(running, user, "snowplow-py")


@pytest.mark.node
def test_the_node_tracker(running: Running, node: Path) -> None:
    program = str(HERE / "node" / "snowplow.mjs")
    command = [str(node), program, running.collector, running.write_key, "snowplow-node"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    check(running, "snowplow-node", "snowplow-node")


@pytest.mark.browser
@pytest.mark.node
@pytest.mark.parametrize("method", ["post", "get"])
def test_the_browser_tracker(page: Page, running: Running, site: tuple[Path, str], method: str) -> None:
    folder, address = site
    user = f"snowplow-browser-{method}"
    shutil.copy(BUNDLE, folder / "sp.js")
    html = PAGE % (running.collector, running.write_key, method, user)
    (folder / "index.html").write_text(html, "utf-8")
    page.goto(f"{address}/index.html")
    check(running, user, "snowplow-js")
