"""The registry's users and its audit log, and the commands for both."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from warehouse.access.passwords import Passwords, accept, single_use
from warehouse.access.scope import Scope
from warehouse.cli.audit import audit
from warehouse.cli.user import token, user
from warehouse.errors import RegistryError
from warehouse.registry import Registry


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[Registry]:
    found = Registry.open(tmp_path / "registry.sqlite", now=lambda: 5)
    yield found
    found.close()


def run(command: object, data: Path, *arguments: str, text: str | None = None) -> Result:
    return CliRunner().invoke(command, [*arguments, "--data", str(data)], input=text)  # type: ignore[arg-type]


def test_passwords_fit_or_do_not() -> None:
    passwords = Passwords(passes=1, memory_kib=8, lanes=1)
    kept = passwords.hash("two green kettles")
    assert kept.startswith("$argon2id$")
    assert passwords.fits("two green kettles", kept)
    assert not passwords.fits("two green kettle", kept)
    assert not passwords.fits("two green kettles", None)
    assert not passwords.fits("two green kettles", "")
    assert not passwords.fits("", None)
    assert single_use() != single_use()
    assert accept(single_use(), "ada")
    for bad in ("short", "x" * 201, "ada-ada-ada", "Password123", "my-name-is-alexandra"):
        with pytest.raises(RegistryError):
            accept(bad, "alexandra")


def test_the_log_follows_line_by_line_and_tells_what_was_changed(registry: Registry, tmp_path: Path) -> None:
    for number in range(5):
        registry.audit("ada", "view", f"/{number}")
    whole = registry.verify_audit()
    assert (whole.lines, whole.held) == (5, True)
    assert registry.has_link(whole.head)
    for change, broken_at in (
        ("UPDATE audit SET detail = '/9' WHERE rowid = 3", 3),
        ("UPDATE audit SET actor = 'eve' WHERE rowid = 1", 1),
        ("DELETE FROM audit WHERE rowid = 2", 3),
        ("UPDATE audit SET link = NULL WHERE rowid = 5", 5),
    ):
        registry._con.execute("BEGIN")
        registry._con.execute(change)
        assert registry.verify_audit().broken_at == broken_at
        registry._con.execute("ROLLBACK")
    assert registry.verify_audit() == whole


def test_a_sealed_log_only_grows(registry: Registry) -> None:
    registry.audit("ada", "view", "/")
    registry.seal_audit()
    registry.audit("ada", "view", "/users")
    for change in (
        "UPDATE audit SET detail = ''",
        "DELETE FROM audit",
        "DROP TABLE audit",
        "ALTER TABLE audit RENAME TO a",
    ):
        with pytest.raises(sqlite3.DatabaseError):
            registry._con.execute(change)
    assert registry.verify_audit().lines == 2


def test_words_that_an_erasure_takes_out_leave_a_log_that_follows(registry: Registry) -> None:
    registry.audit("ada", "view", "/customers/mei@example.cn")
    registry.audit("ada", "view", "/")
    before = registry.verify_audit().head
    assert registry.clear_texts(lambda text: text.replace("mei@example.cn", "erased")) >= 1
    assert registry.verify_audit().held
    assert not registry.has_link(before)
    assert "mei" not in str(registry._all("SELECT * FROM audit"))


def test_a_log_from_before_links_is_linked_when_it_is_opened(tmp_path: Path) -> None:
    path = tmp_path / "registry.sqlite"
    registry = Registry.open(path, now=lambda: 5)
    registry.audit("ada", "view", "/")
    registry._con.execute("UPDATE audit SET link = NULL")
    registry.close()
    again = Registry.open(path, now=lambda: 5)
    assert again.verify_audit().held
    again.close()


def test_users_by_command(registry: Registry, tmp_path: Path) -> None:
    made = run(
        user, tmp_path, "create", "li", "--role", "sales", "--owner", "li", "--only", "city=Xi'an", "--json"
    )
    shown = json.loads(made.output)
    assert shown["only"] == {"city": ["Xi'an"], "owner": ["li"]}
    assert registry.user("li").single_use
    assert Passwords().fits(shown["password"], registry.password_of("li"))
    assert (
        run(
            user, tmp_path, "create", "ada", "--role", "admin", "--password-stdin", text="two green kettles\n"
        ).exit_code
        == 0
    )
    assert Passwords().fits("two green kettles", registry.password_of("ada"))
    assert "owner li" in run(user, tmp_path, "list").output
    assert registry.create_user("vic", "viewer", "x", password=None).scope.masks == ("email", "phone", "ip")
    changed = run(user, tmp_path, "change", "vic", "--role", "analyst", "--mask", "none", "--project", "shop")
    assert "vic: analyst" in changed.output
    assert registry.user("vic").scope == Scope(("shop",))
    assert run(user, tmp_path, "change", "vic", "--everything").exit_code == 0
    assert registry.user("vic").scope.everything
    lost = run(user, tmp_path, "password", "li", "--json")
    assert Passwords().fits(json.loads(lost.output)["password"], registry.password_of("li"))
    refused = run(user, tmp_path, "change", "ada", "--disable")
    assert isinstance(refused.exception, RegistryError)


def test_tokens_by_command(registry: Registry, tmp_path: Path) -> None:
    registry.create_user("li", "sales", "x", password=None)
    made = json.loads(run(token, tmp_path, "create", "li", "--for", "sheet", "--days", "3", "--json").output)
    found = registry.user_of_token(made["token"])
    assert found
    assert found.name == "li"
    assert made["token"] not in run(token, tmp_path, "list", "li").output
    assert run(token, tmp_path, "revoke", "li", made["id"]).output == f"{made['id']} is revoked\n"
    assert registry.user_of_token(made["token"]) is None
    (kept,) = json.loads(run(token, tmp_path, "list", "li", "--json").output)
    assert kept["revoked_at"]
    assert isinstance(run(token, tmp_path, "revoke", "li", "t_0").exception, RegistryError)
    assert made["token"] not in (tmp_path / "registry.sqlite").read_bytes().decode("latin-1")


def test_the_log_by_command(registry: Registry, tmp_path: Path) -> None:
    registry.audit("ada", "view", "/")
    registry.audit("eve", "user.create", "x")
    assert [
        one["actor"] for one in json.loads(run(audit, tmp_path, "list", "--action", "user.", "--json").output)
    ] == ["eve"]
    head = json.loads(run(audit, tmp_path, "verify", "--json").output)["head"]
    assert run(audit, tmp_path, "verify", "--head", head).exit_code == 0
    assert run(audit, tmp_path, "verify", "--head", "0" * 64).exit_code == 1
    registry._con.execute("UPDATE audit SET detail = 'y' WHERE rowid = 1")
    changed = run(audit, tmp_path, "verify")
    assert (changed.exit_code, "line 1" in changed.output) == (1, True)
