"""Fixtures that any test may ask for: real parts, started once and ended for certain."""

import gc
import os
import shutil
import socket
import sys
import uuid
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from loadtest.postgres import PostgresServer
from loadtest.seaweed import BucketAt, SeaweedServer
from sdk_contract.settings import Secret
from warehouse.catalogs.sqlite import SqliteCatalog
from warehouse.lake import connect
from warehouse.settings import Folders, WarehouseSettings

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

PARTS = ("browser", "cc", "node", "postgres", "s3", "wrk")
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def pytest_configure(config: pytest.Config) -> None:
    if unknown := sorted(skipped_parts() - set(PARTS)):
        raise pytest.UsageError(f"SOJOURN_SKIP names {unknown[0]!r}; it may name {', '.join(PARTS)}")


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Thousands of tests and their modules are made and all stay: who looks for garbage meanwhile, and later
    among them, only loses time, a third of that of collection.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    # Workers take from the end of what others have; whoever took one of these had to start all of Sojourn.
    items.sort(key=lambda item: "e2e" not in item.path.parts)
    for part in skipped_parts():
        skip = pytest.mark.skip(reason=f"SOJOURN_SKIP names {part}")
        for item in items:
            if item.get_closest_marker(part):
                item.add_marker(skip)


def skipped_parts() -> set[str]:
    return {part.strip() for part in os.environ.get("SOJOURN_SKIP", "").split(",")} - {""}


@pytest.fixture(scope="session", autouse=True)
def empty_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """HOME is an empty folder: a leftover DuckDB extension there would hide a missing wheel."""
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(home))
        # A program that crashes says where.
        patch.setenv("PYTHONFAULTHANDLER", "1")
        for name in [name for name in os.environ if name.startswith(("SOJOURN_", "AWS_"))]:
            if name != "SOJOURN_SKIP":
                patch.delenv(name)
        yield home


PREPARE = SqliteCatalog.prepare


@pytest.fixture(scope="session", autouse=True)
def copied_lakes(tmp_path_factory: pytest.TempPathFactory, empty_home: Path) -> Iterator[None]:
    """A lake that is made in this process is a copy of the first one, which takes a third of the time."""
    ready = Folders(tmp_path_factory.mktemp("ready"))

    def prepare(catalog: SqliteCatalog) -> bool:
        fresh = PREPARE(catalog)
        if fresh and catalog._file != ready.catalog:
            if not ready.catalog.exists():
                connect(WarehouseSettings(data=str(ready.root)), read_only=False).close()
            shutil.copytree(ready.lake_data, catalog._file.with_name("data"), dirs_exist_ok=True)
            shutil.copyfile(ready.catalog, catalog._file)
        return fresh

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SqliteCatalog, "prepare", prepare)
        yield


@pytest.fixture
def made_lakes(monkeypatch: pytest.MonkeyPatch) -> None:
    """For tests that look at the making of a lake itself."""
    monkeypatch.setattr(SqliteCatalog, "prepare", PREPARE)


@pytest.fixture(scope="session")
def free_port() -> Callable[[], int]:
    """Gives a port that nobody listens on, another at each call."""
    given: set[int] = set()

    def free() -> int:
        while (port := unused_port()) in given:
            pass
        given.add(port)
        return port

    return free


def unused_port() -> int:
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        port: int = door.getsockname()[1]
        return port


@pytest.fixture(scope="session")
def seaweed_server(
    tmp_path_factory: pytest.TempPathFactory, free_port: Callable[[], int]
) -> Iterator[SeaweedServer]:
    server = SeaweedServer(beside_python("weed"), tmp_path_factory.mktemp("seaweed"), free_port)
    with server.running():
        yield server


@pytest.fixture
def seaweed(seaweed_server: SeaweedServer) -> BucketAt:
    """A fresh bucket on a real S3 server. Mark the test `s3`."""
    bucket = f"sojourn-{uuid.uuid4().hex[:12]}"
    seaweed_server.client().create_bucket(Bucket=bucket)
    return BucketAt(seaweed_server.endpoint_url, seaweed_server.access_key, seaweed_server.secret_key, bucket)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    with PostgresServer(durable=False) as server:
        yield server


@pytest.fixture
def postgres(postgres_server: PostgresServer) -> Secret:
    """The address of a fresh database on a real PostgreSQL server. Mark the test `postgres`."""
    return Secret(postgres_server.create_database(f"test_{uuid.uuid4().hex[:12]}"))


@pytest.fixture(scope="session")
def node() -> Path:
    """The node of the virtual environment. Mark the test `node`; packages stand in tests/e2e/node."""
    return beside_python("node")


@pytest.fixture(scope="module")
def browser() -> "Iterator[Browser]":
    """Ends with its file: its loop stays on the thread, where asyncio.run would then fail."""
    with chromium_browser() as found:
        yield found


@pytest.fixture
def page(browser: "Browser") -> "Iterator[Page]":
    """An empty page; all that a test opened in its browser is closed after it. Mark the test `browser`."""
    yield browser.new_page()
    for context in browser.contexts:
        context.close()


@contextmanager
def chromium_browser(*without: str) -> "Iterator[Browser]":
    """Chromium as playwright starts it, but for the flags `without`."""
    from playwright.sync_api import sync_playwright

    # Chromium refuses its sandbox to root.
    flags = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium(), args=flags, ignore_default_args=list(without)
        )
        yield browser
        browser.close()


def chromium() -> str:
    for name in BROWSERS:
        if path := shutil.which(name):
            return path
    pytest.fail("chromium is missing; apt-get install chromium, or set SOJOURN_SKIP=browser")


def beside_python(program: str) -> Path:
    path = Path(sys.executable).parent / program
    if not path.exists():
        pytest.fail(f"{program} is not in the virtual environment; run make test-install")
    return path
