"""Every route of the console, new ones too: what forged requests change, what two salespeople see."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.routing import Mount, Route

from tests.console.conftest import CHEAP, SELLERS, Visitor
from tests.warehouse.lakes import NOON
from warehouse.access.scope import Scope
from warehouse.console.app import ROUTES
from warehouse.console.render import HERE

PASSWORD = "two green kettles"
FILLED = {"name": "trend", "kind": "csv", "any_id": "C-seller-a-0", "message_id": "m"}
OWN = {"Origin": "http://127.0.0.1:8001", "Sec-Fetch-Site": "same-origin"}
RANGE = "since=2026-11-14&until=2026-11-21&events=*"
# What follows the path where a page would ask for it, or show nothing without it.
ASKED = {
    "/find": "id=C-seller-a-0",
    "/explore/{name}.{kind:export}": RANGE,
    "/explore/{name}/answer": RANGE,
    "/explore/{name}/customers/list": f"{RANGE}&every=whole&pick={{}}",
    "/explore/{name}/customers.{kind:export}": f"{RANGE}&every=whole&pick={{}}",
    "/overview/numbers": "since=7d",
    "/heatmap/drawn": "since=7d&page=/",
    "/api/insights/{name}": RANGE,
}
# Answered as long as somebody looks.
STREAMS = {one.path for one in ROUTES if isinstance(one, Route) and one.path.endswith("/live")}
# The same for both, and why; pages that load what they show by another address are seen there.
SAME = {
    "/": "leads on to the overview",
    "/explore": "which questions there are",
    "/boards": "boards hold questions; each is asked anew by whoever looks",
    "/boards/segments": "names of tags and cohorts, of which there is none",
    "/boards/{id:int}": "there is none",
    "/boards/{id:int}.yaml": "there is none",
    "/boards/{id:int}/tiles/{number:int}": "there is none",
    "/heatmap/drawn": "an answer of insights, of clicks, of which there is none",
    "/customers/{any_id:path}/reveal": "there is none: nothing is masked for these two",
    "/segments/rule": "a form",
    "/pipeline/drawn": "an answer of insights, of deals, of which there is none",
    "/customers/{any_id:path}/chances": "there is no model",
    "/segments": "names of tags and cohorts, of which there is none",
    "/segments/tags/{name:path}": "there is none",
    "/segments/cohorts/{name:path}": "there is none",
    "/api/tags": "there is none",
    "/api/tags/{name}": "there is none",
    "/api/cohorts": "there is none",
    "/api/cohorts/{name}": "there is none",
    "/api/openapi.json": "describes the API",
    "/sql": "names of tables and columns, and statements that one saved oneself",
}
# Of nobody's customers: for strangers, and of oneself.
STRANGERS = {
    "/account",
    "/login",
    "/login/sso",
    "/login/sso/back",
    "/login/sso/out",
    "/prefer",
    "/health",
    "/ready",
}


def routes(method: str) -> list[Route]:
    return [one for one in ROUTES if isinstance(one, Route) and method in (one.methods or ())]


def address(route: Route) -> str:
    """Of an example: its parameters filled in."""
    path = re.sub(r"{(\w+)(:\w+)?}", lambda found: FILLED.get(found[1], "1"), route.path)
    return path + (f"?{ASKED[route.path]}" if route.path in ASKED else "")


@pytest.fixture(scope="module")
def shut(crm: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Visitor]:
    """An admin, two sellers who ask everything of their own customers, and one of one region alone."""
    one_thread = pytest.MonkeyPatch()
    one_thread.setattr("warehouse.console.reader.LAKE_THREADS", 1)  # each makes the views of each scope
    folder = tmp_path_factory.mktemp("routes")
    (folder / "lake").symlink_to(crm / "lake")
    found = Visitor(folder, console_open=False)
    found.clock = NOON
    scopes = {name: Scope(attributes={"owner": (name,)}) for name in SELLERS}
    scopes["east"] = Scope(attributes={"owner": SELLERS[1:], "region": ("华东",)})
    found.registry.create_user("ada", "admin", "test", password=CHEAP.hash(PASSWORD))
    for name, scope in scopes.items():
        found.registry.create_user(name, "analyst", "test", password=CHEAP.hash(PASSWORD), scope=scope)
    yield found
    found.registry.close()
    one_thread.undo()


def as_user(visitor: Visitor, name: str) -> Visitor:
    visitor.cookies.clear()
    assert visitor.signed_in(name, PASSWORD).status_code == 303
    return visitor


def test_two_sellers_see_their_own_on_every_route_and_change_nothing(shut: Visitor) -> None:
    assert not [one.path for one in routes("GET") if getattr(one.endpoint, "action", "") == "change"]
    asked = {address(one): one.path for one in routes("GET") if one.path not in STREAMS | STRANGERS}
    as_user(shut, SELLERS[0])
    before = kept(shut, "logins")
    seen = [as_user(shut, name).walk(asked) for name in SELLERS]
    assert kept(shut, "logins") == before
    assert not [place for found in seen for place, one in found.items() if "set-cookie" in one.headers]
    same = set()
    for place, path in asked.items():
        first, second = (found[place] for found in seen)
        assert max(first.status_code, second.status_code) < 500, place
        assert "seller-b-" not in first.text.replace("C-seller-a", ""), place
        assert not re.search(r"seller-a-\d@", second.text), place
        texts = [f"{one.status_code} {one.text}{one.headers.get('location')}" for one in (first, second)]
        if re.sub(r"seller-[ab]\b(?!-)", "", texts[0]) == re.sub(r"seller-[ab]\b(?!-)", "", texts[1]):
            same.add(path)
    refused = {asked[place] for place, one in seen[0].items() if one.status_code == 403}
    frames = {asked[place] for place, one in seen[0].items() if 'hx-trigger="load' in one.text}
    assert same - refused - frames <= set(SAME), "what is the same for both has to be of nobody's customers"
    assert set(SAME) <= set(asked.values())
    before = kept(shut, "logins")
    hidden = [place for place, path in asked.items() if path in refused] + sorted(STRANGERS)
    told = as_user(shut, "ada").walk(hidden)
    assert kept(shut, "logins") == before
    assert not [place for place, one in told.items() if "sojourn_login" in one.headers.get("set-cookie", "")]


def rows(answer: str) -> set[str]:
    return set(re.findall(r"C-seller-\w-\d", answer))


def test_sql_files_and_the_api_are_bound_alike(shut: Visitor) -> None:
    sql = {"text": "SELECT value FROM identities WHERE kind = 'crm_id'"}
    mine = {"seller-a": {0, 1}, "seller-b": {2, 3, 4, 5}, "east": {3, 5}}
    for name, numbers in mine.items():
        seller = as_user(shut, name)
        wanted = {f"C-seller-{'a' if number < 2 else 'b'}-{number}" for number in numbers}
        page, file, trend, export = seller.asks(
            [
                ("POST", "/sql/run", {"data": sql, "headers": OWN}),
                ("POST", "/sql/file", {"data": sql | {"kind": "csv"}, "headers": OWN}),
                ("GET", f"/api/insights/trend?{RANGE}&measure=units", {}),
                ("GET", f"/explore/trend.csv?{RANGE}&measure=units", {}),
            ]
        )
        assert rows(page.text) == rows(file.text) == wanted
        assert trend.json()["n"] == len(numbers)
        assert f",{len(numbers)}" in export.text


FORGED: tuple[dict[str, str], ...] = (
    {},
    {"Origin": "http://evil.example", "Sec-Fetch-Site": "cross-site"},
    {"Origin": "null"},
)


def test_no_forged_request_is_done(shut: Visitor) -> None:
    ada = as_user(shut, "ada")
    changing = [address(one) for method in ("POST", "PUT", "PATCH", "DELETE") for one in routes(method)]
    assert len(changing) > 10
    before = kept(shut)
    for headers in FORGED:
        for place, answer in ada.walk(changing, "POST", headers=headers, data={"do": "x"}).items():
            assert (answer.status_code, place) == (403, place)
            assert "set-cookie" not in answer.headers, place
    assert kept(shut) == before


def kept(visitor: Visitor, *besides: str) -> dict[str, list[tuple[object, ...]]]:
    """All that the registry holds but who looked, secrets made when first asked for, and failed tries."""
    con = visitor.registry._con
    tables = [name for (name,) in con.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    left_out = {"audit", "settings", "failures", *besides}
    return {
        name: sorted(map(tuple, con.execute(f'SELECT * FROM "{name}"')), key=str)
        for name in tables
        if name not in left_out and not name.startswith("sqlite_")
    }


def test_every_password_is_asked_for_behind_the_same_patience(shut: Visitor) -> None:
    asking = {
        one.name for one in (HERE / "templates").glob("*.html") if 'type="password"' in one.read_text("utf-8")
    }
    kept_only = {"automation_places.html"}  # what is typed there is compared with nothing
    assert asking - kept_only == {"login.html", "account.html"}, "new passwords: guesses have to be slowed"
    seller = as_user(shut, "seller-a")
    wrong = {"old": "guess", "new": "a long new one", "again": "a long new one"}
    answers = [seller.post("/account/password", wrong).status_code for _ in range(6)]
    assert answers == [403] * 5 + [429]
    assert seller.signed_in("seller-a", PASSWORD).status_code == 429, "one patience for both doors"


def test_files_of_the_console_are_the_same_for_everybody() -> None:
    assert [one.path for one in ROUTES if isinstance(one, Mount)] == ["/static"]
