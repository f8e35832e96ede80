"""Runs the SDKs: one program for all of Python, one for all of Node, one browser for those of pages."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from shutil import which
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

import msgspec

from loadtest.errors import ProgramFailed
from loadtest.sdks.said import Said
from loadtest.site import site_of

if TYPE_CHECKING:
    from playwright.sync_api import Page

HERE: Final = Path(__file__).parent
BROWSERS: Final = ("chromium", "chromium-browser", "google-chrome")
QUIET_S: Final = 2.0
_PAGE: Final = """<!doctype html><meta charset=utf-8><title>Tea 茶</title>
<script type=module>import {{ send }} from "./{sdk}.js"; window.send = send;</script>"""


_SEND: Final = "target => { window.sent = send(target).then(() => null, (error) => String(error)) }"


class Target(msgspec.Struct, frozen=True):
    """One SDK, where it is to send, as whom, and what."""

    sdk: str
    host: str
    key: str
    said: Said


class End(msgspec.Struct, frozen=True):
    """How a sender ended: what it said in one line, and the page on which it stood."""

    sdk: str
    host: str
    error: str | None
    page: str | None = None


def python(targets: Sequence[Target], within_s: float) -> list[End]:
    """Sends with Python's SDKs; raises ProgramFailed."""
    return _program([sys.executable, "-m", "loadtest.sdks.python"], targets, within_s)


def node(targets: Sequence[Target], project: Path, within_s: float) -> list[End]:
    """Sends with Node's SDKs, which stand in `project`; raises ProgramFailed."""
    beside = Path(sys.executable).parent / "node"
    command = [str(beside if beside.exists() else "node"), str(HERE / "node" / "main.mjs"), str(project)]
    return _program(command, targets, within_s)


def browser(targets: Sequence[Target], project: Path, within_s: float, quiet_s: float = QUIET_S) -> list[End]:
    """Sends with the SDKs of pages, each on a page of its own; ends when nothing was sent for `quiet_s`."""
    from playwright.sync_api import sync_playwright

    flags = ["--no-sandbox"] if os.geteuid() == 0 else []  # Chromium refuses its sandbox to root
    found = next(filter(None, map(which, BROWSERS)), None)
    with _site(sorted({one.sdk for one in targets}), project) as address, sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=found, args=flags)
        traffic = Traffic(time.monotonic)
        pages = [(one, opened.new_context().new_page()) for one in targets]
        for one, page in pages:
            page.set_default_timeout(within_s * 1000)
            traffic.watch(page)
            page.goto(f"{address}/{one.sdk}.html")
            page.wait_for_function("window.send !== undefined")
            said = msgspec.to_builtins(msgspec.structs.replace(one.said, page=page.url))
            page.evaluate(_SEND, {"host": one.host, "key": one.key, "said": said})
        ends = [End(one.sdk, one.host, page.evaluate("window.sent"), page.url) for one, page in pages]
        while not traffic.is_quiet(quiet_s):
            pages[0][1].wait_for_timeout(100)
        opened.close()
    return ends


class Traffic:
    """The requests of pages: a browser that is closed while one is under way loses it."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock, self._under_way, self._last = clock, 0, clock()

    def watch(self, page: "Page") -> None:
        """Counts the requests of this page from now on."""
        page.on("request", lambda request: self._count(1))
        page.on("requestfinished", lambda request: self._count(-1))
        page.on("requestfailed", lambda request: self._count(-1))

    def is_quiet(self, seconds: float) -> bool:
        """Whether nothing is under way, and nothing was for so long."""
        return self._under_way == 0 and self._clock() - self._last >= seconds

    def _count(self, change: int) -> None:
        self._under_way += change
        self._last = self._clock()


def _program(command: Sequence[str], targets: Sequence[Target], within_s: float) -> list[End]:
    given = msgspec.json.encode(targets).decode()
    done = subprocess.run(
        command, input=given, text=True, capture_output=True, timeout=within_s, check=False, cwd=Path.cwd()
    )
    if done.returncode != 0:
        raise ProgramFailed(f"{command[0]} ended with {done.returncode}: {done.stderr.strip()[-300:]}")
    return msgspec.json.decode(done.stdout, type=list[End])


@contextmanager
def _site(sdks: Sequence[str], project: Path) -> Iterator[str]:
    """Pages with the SDKs, on another site than the collector's."""
    with TemporaryDirectory() as folder:
        _bundle(sdks, project, Path(folder))
        for sdk in sdks:
            Path(folder, f"{sdk}.html").write_text(_PAGE.format(sdk=sdk), "utf-8")
        with site_of(Path(folder)) as address:
            yield address


def _bundle(sdks: Sequence[str], project: Path, folder: Path) -> None:
    """Makes one file of each sender and its SDK, as a site's build does."""
    command = [str(project / "node_modules" / ".bin" / "esbuild"), "--bundle", "--format=esm"]
    sources = [str(HERE / "browser" / f"{sdk}.mjs") for sdk in sdks]
    environ = {**os.environ, "NODE_PATH": str((project / "node_modules").resolve())}
    subprocess.run([*command, f"--outdir={folder}", "--log-level=error", *sources], env=environ, check=True)
