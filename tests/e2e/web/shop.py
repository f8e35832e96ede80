"""A shop on another origin than the collector, that carries the web SDK in a real browser."""

from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page

from sdk_contract.web.snippet import snippet
from tests.e2e.web.front import Front

NOON = 1_795_262_400.0  # seconds since 1970, where the clock of a page begins that stands still


class Shop:
    """Makes pages of a site with the SDK in them, and opens them."""

    def __init__(self, folder: Path, site: str, front: Front, browser: Browser, key: str) -> None:
        self.folder, self.site, self.front, self.browser, self.key = folder, site, front, browser, key
        self.contexts: list[BrowserContext] = []

    def write(self, *attributes: str, body: str = "", head: str = "", name: str = "index.html") -> str:
        """Makes a page whose script tag has more attributes; gives its address.

        Engaged time is off unless it is named.
        """
        lines = snippet(self.front.url, self.key)
        assert " async src=" in lines
        if not any(one.startswith("data-engagement") for one in attributes):
            attributes = (*attributes, "data-engagement=off")
        lines = lines.replace(" async src=", f" {' '.join(attributes)} async src=")
        text = f"<!doctype html><meta charset=utf-8><title>Tea 茶</title>{head}{lines}{body}"
        (self.folder / name).write_text(text, "utf-8")
        return f"{self.site}/{name}"

    def visitor(self, script: str = "", **options: Any) -> BrowserContext:
        """A browser of its own, in which `script` runs before those of each page."""
        context = self.browser.new_context(**options)
        if script:
            context.add_init_script(script)
        self.contexts.append(context)
        return context

    def open(
        self, *attributes: str, body: str = "", head: str = "", script: str = "", clock: bool = False
    ) -> Page:
        """A new visitor on a new page, the SDK loaded. `clock`: time passes as the test says."""
        page = self.visitor(script).new_page()
        if clock:
            page.clock.install(time=NOON)
            page.clock.pause_at(NOON + 1)
        page.goto(self.write(*attributes, body=body, head=head))
        page.wait_for_function("window.sojourn && sojourn.flush")
        return page

    def close(self) -> None:
        for context in self.contexts:
            context.close()
        self.contexts.clear()


def flush(page: Page) -> None:
    """Everything that waits is sent, and answered."""
    page.evaluate("sojourn.flush()")
