"""The walk through the console's pages: what it finds, what it counts, and that a broken page stops it."""

from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from loadtest.console import NUMBERS, Visit, console
from loadtest.errors import ProgramFailed
from loadtest.links import links, name_of
from tests.warehouse.insights.shop import stitched_shop
from tests.warehouse.lakes import NOON

PAGE = """
    <link rel="stylesheet" href="/static/console.css"><script src="/static/a.js"></script>
    <a href="#main">x</a>
    <a href="/overview?since=1d#top">1</a><a href="other">2</a><a href="https://elsewhere.example/">3</a>
    <a href="//elsewhere.example/">4</a><a href="/explore/trend.csv?x=1">5</a>
    <a href="/audit?format=csv">6</a>
    <a href="/file" download>7</a><a href="/prefer?theme=dark">8</a><a href="/overview?since=1d">again</a>
    <div hx-get="/overview/numbers?since=1d" hx-trigger="load, every 60s"></div>
    <button hx-get="/explore/names"></button><img src="/static/mark.svg">"""


def test_what_a_page_leads_to() -> None:
    found = links(PAGE, "/segments/x")
    assert found.pages == ("/segments/x", "/overview?since=1d", "/segments/other")
    assert found.parts == ("/overview/numbers?since=1d",)
    assert found.files == ("/static/console.css", "/static/a.js", "/static/mark.svg")


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("/", "/"),
        ("/overview?since=7d", "/overview"),
        ("/explore/trend?x=/y", "/explore/{name}"),
        ("/customers/a%2Fb", "/customers/{any_id}"),
        ("/overview/numbers?since=7d", NUMBERS),
        ("/explore/trend/answer?x=1", "/explore/{name}/answer"),
        ("/nowhere/else", "/nowhere/else"),
    ],
)
def test_what_an_address_is_counted_under(address: str, name: str) -> None:
    assert name_of(address) == name


def pages(found: dict[str, str]) -> Callable[[httpx.Request], httpx.Response]:
    def answer(request: httpx.Request) -> httpx.Response:
        path = request.url.raw_path.decode()
        return httpx.Response(200, text=found[path]) if path in found else httpx.Response(404)

    return answer


def client(found: dict[str, str]) -> httpx.Client:
    return httpx.Client(transport=httpx.MockTransport(pages(found)), base_url="http://console")


def test_a_walk_goes_everywhere_and_not_too_often() -> None:
    many = "".join(f'<a href="/customers/{number}">x</a>' for number in range(9))
    part = '<div hx-get="/explore/trend/answer" hx-trigger="load"></div>'
    visit = Visit(
        client({"/": many, "/explore/trend/answer": "x"} | {f"/customers/{n}": part for n in range(9)}),
        each=3,
    )
    visit.walk(["/"])
    visit.again()
    visit.longer()
    assert {name: list(of) for name, of in visit.cold.items()} == {
        "/": ["/"], "/customers/{any_id}": ["/customers/0", "/customers/1", "/customers/2"]
    }  # fmt: skip
    assert {name: len(took) for name, took in visit.warm.items()} == {"/": 1, "/customers/{any_id}": 3}
    assert list(visit.parts["/explore/{name}/answer"]) == ["/explore/trend/answer"]


def test_a_page_that_fails_stops_it() -> None:
    with pytest.raises(ProgramFailed, match="GET /gone answered 404"):
        Visit(client({"/": '<a href="/gone">x</a>'}), each=3).walk(["/"])


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_figures_of_a_small_shop(tmp_path: Path) -> None:
    data = stitched_shop(tmp_path / "shop")
    before = (data / "registry.sqlite").read_bytes() if (data / "registry.sqlite").exists() else None
    said: list[str] = []
    found = console(0, 1, 2, data, lambda: NOON, said.append)
    assert found.events > 500
    assert {"/", "/overview", NUMBERS, "/explore/{name}", "/customers/{any_id}", "/segments", "/sql"} <= set(
        found.p95_ms
    )
    assert "/explore/{name}/answer" in found.longer_ms
    assert all(took > 0 for took in found.cold_ms.values())
    assert 100 < found.first_visit_kb < 450, "echarts alone is more than 300 KB, packed"
    assert max(found.addresses.values()) == 2
    after = (data / "registry.sqlite").read_bytes() if (data / "registry.sqlite").exists() else None
    assert after == before, "what is measured is not written to"
