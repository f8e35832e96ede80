"""A shop that nobody has visited, for each test of the web SDK."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from loadtest.site import site_of
from tests.e2e.conftest import Running
from tests.e2e.web.front import fronting
from tests.e2e.web.shop import Shop


@pytest.fixture
def shop(browser: Browser, running: Running, tmp_path: Path) -> Iterator[Shop]:
    """Has a front of its own: what a page of the test before still sends at its end is not heard here."""
    with fronting(running.collector) as front, site_of(tmp_path) as site:
        found = Shop(tmp_path, site, front, browser, running.write_key)
        yield found
        found.close()
