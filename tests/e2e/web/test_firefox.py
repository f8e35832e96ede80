"""The web SDK in Firefox, which no program drives here: the page itself does what a visitor would."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from shutil import which

import pytest

from loadtest.site import site_of
from sdk_contract.web.snippet import snippet
from tests.e2e.conftest import Running
from tests.e2e.web.front import Front, fronting

FIREFOX = next(filter(None, map(which, ("firefox-esr", "firefox"))), None)
pytestmark = [
    pytest.mark.slow,
    pytest.mark.xdist_group("up"),
    pytest.mark.skipif(FIREFOX is None, reason="Firefox is missing; apt-get install firefox-esr"),
]
VISIT = """<script>
  sojourn.track('Early', {note: 'größe 茶'});
  addEventListener('load', async () => {
    const pause = (ms) => new Promise((done) => setTimeout(done, ms));
    while (!sojourn.flush) await pause(20);
    sojourn.identify('mei-firefox', {plan: 'gold'});
    history.pushState({}, '', '/second');
    document.querySelector('button').click();
    setTimeout(() => { throw new Error('mine'); });
    await sojourn.flush();
    await pause(500);
    sojourn.track('Last');
    location.href = 'about:blank';
  });
</script><button class="buy">Buy</button>"""
WITHIN_S = 60.0


@pytest.fixture
def front(running: Running) -> Iterator[Front]:
    with fronting(running.collector) as found:
        yield found


def test_views_calls_clicks_errors_and_the_last_beacon_arrive(
    front: Front, running: Running, tmp_path: Path
) -> None:
    wanted = " data-autocapture data-errors data-vitals async src="
    lines = snippet(front.url, running.write_key).replace(" async src=", wanted)
    site = tmp_path / "site"
    site.mkdir()
    page = f"<!doctype html><meta charset=utf-8><title>Tea 茶</title>{lines}{VISIT}"
    (site / "index.html").write_text(page, "utf-8")
    with site_of(site) as address:
        assert FIREFOX is not None
        command = [FIREFOX, "--headless", "--profile", str(tmp_path), "--no-remote", f"{address}/index.html"]
        with (tmp_path / "log").open("w") as log:
            program = subprocess.Popen(command, stdout=log, stderr=log)
            try:
                front.wait("Last", seconds=WITHIN_S)
            finally:
                program.kill()
                program.wait()
    events = front.events()
    assert len({event["messageId"] for event in events}) == len(events)
    assert len({event["anonymousId"] for event in events}) == 1
    names = [event.get("event", event["type"]) for event in events]
    assert names[:2] == ["page", "Early"]
    assert [event["context"]["page"]["path"] for event in events if event["type"] == "page"] == [
        "/index.html",
        "/second",
    ]
    assert {"identify", "Element Clicked", "Error Raised", "Last"} <= set(names)
    rows = running.rows([event["messageId"] for event in events])
    assert {row["verdict"] for row in rows.values()} == {"ok"}
    (early,) = front.named("Early")
    assert json.loads(rows[early["messageId"]]["properties"]) == {"note": "größe 茶"}
    assert rows[front.named("Last")[0]["messageId"]]["user_id"] == "mei-firefox"
