"""Who is let in, as whom, and what a stranger can do: nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.console.conftest import CHEAP, Visitor
from warehouse.access.roles import Right
from warehouse.access.scope import Scope
from warehouse.console.app import ROUTES
from warehouse.console.signing import IDLE, LONGEST
from warehouse.lake import connect
from warehouse.settings import WarehouseSettings

PASSWORD = "two green kettles"
PATHS = {getattr(route, "path", ""): route for route in ROUTES}


@pytest.fixture
def shut(tmp_path: Path) -> Iterator[Visitor]:
    """A console with an administrator (ada), a viewer (vic) and a salesperson (li) who sees own customers."""
    found = Visitor(tmp_path, console_open=False)
    own = Scope(attributes={"owner": ("li",)})
    for name, role, scope in (("ada", "admin", None), ("vic", "viewer", None), ("li", "sales", own)):
        found.registry.create_user(name, role, "test", password=CHEAP.hash(PASSWORD), scope=scope)
    yield found
    found.registry.close()


def actions(visitor: Visitor) -> list[tuple[str, str]]:
    return [(line.actor, line.action) for line in reversed(visitor.registry.audited())]


def test_every_address_asks_for_a_right_or_is_known_to_ask_for_none() -> None:
    free = {"/api/openapi.json", "/account", "/account/password", "/account/logins/end", "/account/tokens"}
    free |= {"/login", "/logout", "/prefer", "/health", "/ready", "/static"}
    free |= {"/login/sso", "/login/sso/back", "/login/sso/out"}
    found = {path: getattr(getattr(route, "endpoint", None), "right", None) for path, route in PATHS.items()}
    assert {path for path, right in found.items() if right is None} == free


@pytest.mark.parametrize("path", PATHS)
def test_a_stranger_sees_the_login_alone(shut: Visitor, path: str) -> None:
    answer = shut.get(path.replace("{any_id:path}", "x").replace("{name}", "trend"))
    if path in ("/health", "/login", "/prefer", "/static") or path.startswith("/login/"):
        assert answer.status_code in (200, 303, 403, 404)
    elif path.startswith("/api/") or path == "/ready":
        assert answer.status_code == 401
    else:
        assert (answer.status_code, answer.headers["location"].partition("?")[0]) == (303, "/login")
    posted = shut.post(path.replace("{any_id:path}", "x").replace("{name}", "trend"), {})
    assert posted.status_code in (303, 401, 405)


def test_signing_in_leads_to_the_page_that_was_asked_for(shut: Visitor) -> None:
    assert shut.get("/find?id=a%26b").headers["location"] == "/login?back=%2Ffind%3Fid%3Da%2526b"
    fields = {"name": "ada", "password": PASSWORD, "back": "/find?id=a%26b"}
    answer = shut.post("/login", fields)
    assert answer.headers["location"] == "/find?id=a%26b"
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert shut.get("/").status_code == 200
    away = shut.post("/login", {"name": "ada", "password": PASSWORD, "back": "//evil.example"})
    assert away.headers["location"] == "/"


def test_each_login_is_a_new_one_whatever_cookie_came_along(shut: Visitor) -> None:
    shut.cookies.set("sojourn_login", "chosen-by-somebody-else", domain="127.0.0.1")
    shut.signed_in("ada", PASSWORD)
    tokens = [cookie.value for cookie in shut.cookies.jar]
    assert "chosen-by-somebody-else" not in tokens[-1:]
    shut.signed_in("ada", PASSWORD)
    assert len(shut.registry.logins(shut.registry.user("ada"))) == 2


def test_a_login_ends_when_it_rests_when_it_is_old_and_when_it_is_ended(shut: Visitor) -> None:
    shut.signed_in("ada", PASSWORD)
    for _ in range(LONGEST // IDLE + 1):
        assert shut.get("/account").status_code == 200
        shut.clock += IDLE - 1
    assert shut.get("/account").status_code == 303
    shut.signed_in("ada", PASSWORD)
    shut.clock += IDLE + 1
    assert shut.get("/account").status_code == 303
    shut.signed_in("ada", PASSWORD)
    kept = [cookie.value or "" for cookie in shut.cookies.jar]
    assert shut.post("/logout", {}).headers["location"] == "/login"
    shut.cookies.set("sojourn_login", kept[-1], domain="127.0.0.1")
    assert shut.get("/account").status_code == 303


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:8001", "Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
    ],
)
def test_a_form_of_another_page_changes_nothing(shut: Visitor, headers: dict[str, str]) -> None:
    shut.signed_in("ada", PASSWORD)
    fields = {"do": "create", "name": "mallory", "role": "admin"}
    assert shut.post("/users", fields, headers).status_code == 403
    assert shut.post("/login", {"name": "ada", "password": PASSWORD}, headers).status_code == 403
    assert [one.name for one in shut.registry.users()] == ["ada", "li", "vic"]
    assert shut.post("/users", fields).status_code == 200
    own = {"Content-Type": "application/json"}
    assert shut.post("/api/insights/trend", {}, own).status_code == 400, "another page cannot send that"


def test_guessing_takes_longer_and_longer(shut: Visitor) -> None:
    for _ in range(5):
        assert shut.signed_in("ada", "guess").status_code == 401
    assert shut.signed_in("ada", PASSWORD).status_code == 429
    shut.clock += 1_000_000
    assert shut.signed_in("ada", "guess").status_code == 401
    answer = shut.signed_in("ada", PASSWORD)
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "2")
    shut.clock += 2_000_000
    assert shut.signed_in("ada", PASSWORD).status_code == 303
    assert shut.signed_in("ada", "guess").status_code == 401
    assert ("", "login.failed") in actions(shut)


def test_guessing_many_names_from_one_address_is_slowed_too(shut: Visitor) -> None:
    for number in range(20):
        assert shut.signed_in(f"name{number}", "guess").status_code == 401
    assert shut.signed_in("ada", PASSWORD).status_code == 429
    shut.clock += 16 * 60 * 1_000_000
    assert shut.signed_in("ada", PASSWORD).status_code == 303


def test_an_unknown_name_is_answered_as_a_wrong_password(shut: Visitor) -> None:
    unknown, wrong = shut.signed_in("nobody", "guess"), shut.signed_in("ada", "guess")
    assert unknown.status_code == wrong.status_code == 401
    assert unknown.text == wrong.text
    assert shut.signed_in("x\x00<script>", "guess").status_code == 401


def test_roles_open_pages_and_refusals_are_remembered(shut: Visitor) -> None:
    shut.signed_in("vic", PASSWORD)
    assert shut.get("/").headers["location"] == "/overview"
    assert shut.get("/overview").status_code == 200
    for path in ("/find?id=x", "/customers/x", "/users", "/audit", "/live"):
        assert shut.get(path).status_code == 403
    assert "Your role does not include this page" in shut.get("/users").text
    assert 'action="/find"' not in shut.get("/overview").text
    shut.signed_in("li", PASSWORD)
    assert shut.get("/find").status_code == 303
    assert shut.get("/live").status_code == 403
    found = actions(shut)
    assert ("vic", "refused") in found
    assert ("li", "view") in found


def test_rights_that_need_all_to_be_seen_end_where_something_is_hidden(shut: Visitor) -> None:
    assert shut.registry.user("ada").rights == frozenset(Right)
    shut.registry.create_user("bob", "admin", "test", password=None)
    masked = shut.registry.change_user("ada", "test", scope=Scope(masks=("email",)))
    assert not masked.rights & {Right.LIVE, Right.MANAGE, Right.ERASE}
    assert Right.CUSTOMERS in masked.rights


def test_a_password_for_one_login_has_to_be_replaced(shut: Visitor) -> None:
    shut.registry.set_password("vic", CHEAP.hash(PASSWORD), "test", single_use=True)
    shut.signed_in("vic", PASSWORD)
    assert shut.get("/").headers["location"] == "/account"
    assert "Choose a password" in shut.get("/account").text
    for new, again, says in (
        ("short", "short", "has 5 characters"),
        ("password123", "password123", "too easy"),
        ("aaaaaaaaaaaa", "aaaaaaaaaaaa", "too easy"),
        ("a long new one", "a long new two", "same way twice"),
        (PASSWORD, PASSWORD, "the old one"),
    ):
        answer = shut.post("/account/password", {"old": PASSWORD, "new": new, "again": again})
        assert (answer.status_code, says in answer.text) == (400, True)
    wrong = shut.post(
        "/account/password", {"old": "guess", "new": "a long new one", "again": "a long new one"}
    )
    assert wrong.status_code == 403
    before = shut.cookies
    shut.post("/account/password", {"old": PASSWORD, "new": "a long new one", "again": "a long new one"})
    assert shut.get("/overview").status_code == 200
    shut.cookies = before
    assert shut.get("/overview").status_code == 303, "the login from before the change has ended"


def test_a_token_may_what_its_user_may(shut: Visitor) -> None:
    connect(WarehouseSettings(data=str(shut.data)), read_only=False).close()
    shut.signed_in("vic", PASSWORD)
    page = shut.post("/account/tokens", {"name": "sheet", "days": "30"}).text
    (secret,) = re.findall(r"sojourn_[\w-]{43}", page)
    assert secret not in shut.get("/account").text
    shut.cookies.clear()
    token = {"Authorization": f"Bearer {secret}"}
    assert shut.get("/ready", token).json()["ready"] is True
    assert shut.get("/api/openapi.json", token).status_code == 200
    asked = shut.get("/api/insights/trend?events=x&since=2026-11-01&until=2026-11-02", token)
    assert (asked.status_code, "error" in asked.json()) == (400, True)
    assert shut.get("/users", token).status_code == 403
    assert shut.post("/api/insights/trend", {}, token).status_code != 403, (
        "a program has no page to come from"
    )
    (made,) = shut.registry.tokens(shut.registry.user("vic"))
    shut.clock += 30 * 86_400_000_000
    assert shut.get("/ready", token).status_code == 401
    shut.clock -= 86_400_000_000
    shut.registry.revoke_token(shut.registry.user("vic"), made.id, "test")
    assert shut.get("/ready", token).status_code == 401
    assert shut.get("/ready", {"Authorization": "Bearer sojourn_guess"}).status_code == 401


def test_users_are_managed_on_their_page(shut: Visitor) -> None:
    shut.signed_in("ada", PASSWORD)
    page = shut.post("/users", {"do": "create", "name": "wang", "role": "sales"}).text
    (password,) = re.findall(r'class="secret">([\w-]+)<', page)
    bounds = {"owner": "wang, 王", "masks": ["phone", "email"], "projects": "shop"}
    assert shut.post("/users", {"do": "change", "name": "wang", "role": "sales", **bounds}).status_code == 200
    user = shut.registry.user("wang")
    assert user.scope == Scope(("shop",), {"owner": ("wang", "王")}, ("email", "phone"))
    assert user.single_use
    for fields, says in (
        ({"do": "create", "name": "wang", "role": "sales"}, "there is a user"),
        ({"do": "create", "name": "a b", "role": "sales"}, "will not do"),
        ({"do": "create", "name": "x", "role": "king"}, "it must be one of admin"),
        ({"do": "change", "name": "ada", "role": "viewer"}, "nobody could manage"),
        ({"do": "change", "name": "ada", "role": "admin", "disabled": "yes"}, "nobody could manage"),
        ({"do": "password", "name": "nobody"}, "there is no user"),
        ({"do": "dance"}, "nothing to do"),
    ):
        answer = shut.post("/users", fields)
        assert (answer.status_code, says in answer.text) == (400, True), fields
    assert ("ada", "user.create") in actions(shut)
    shut.signed_in("wang", password)
    assert shut.get("/").headers["location"] == "/account"


def test_who_may_not_sign_in_any_more_is_out_at_once(shut: Visitor) -> None:
    shut.signed_in("vic", PASSWORD)
    shut.registry.change_user("vic", "ada", disabled=True)
    assert shut.get("/overview").headers["location"].startswith("/login")
    assert shut.signed_in("vic", PASSWORD).status_code == 401


def test_the_audit_log_is_shown_narrowed_exported_and_verified(shut: Visitor) -> None:
    shut.signed_in("ada", PASSWORD)
    shut.registry.audit("eve", "view", "=HYPERLINK(1) <b>")
    page = shut.get("/audit?actor=eve").text
    assert "=HYPERLINK(1) &lt;b&gt;" in page
    assert ">login<" not in page
    text = shut.get("/audit?format=csv").text
    assert "'=HYPERLINK(1) <b>" in text
    assert "follow from one another" in shut.get("/audit?verify=1").text
    shut.registry._con.execute("UPDATE audit SET detail = 'nothing' WHERE actor = 'eve'")
    assert "was changed" in shut.get("/audit?verify=1").text


def test_an_account_shows_where_one_is_signed_in_and_ends_other_logins(shut: Visitor) -> None:
    shut.signed_in("ada", PASSWORD)
    first = shut.cookies
    shut.signed_in("ada", PASSWORD)
    (other,) = re.findall(r'name="id" value="(\w+)"', shut.get("/account").text)
    shut.post("/account/logins/end", {"id": other})
    shut.cookies = first
    assert shut.get("/account").status_code == 303


def test_an_open_console_has_an_admin_and_no_account(visitor: Visitor) -> None:
    assert visitor.get("/users").status_code == 200
    assert visitor.get("/account").status_code == 404
    assert visitor.post("/users", {"do": "create"}, {}).status_code == 403
    assert ("demo", "manage") in actions(visitor)
