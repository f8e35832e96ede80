"""Who may use the console and the API: users, where they are signed in, their tokens, and failed tries."""

from __future__ import annotations

import hashlib
import re
import secrets
import sqlite3
from collections.abc import Sequence
from typing import Any, Final

import msgspec

from warehouse.access.roles import MASKED, ROLES, Right
from warehouse.access.scope import Scope
from warehouse.errors import RegistryError
from warehouse.registry.audit import Audit

SCRIPT = """
    CREATE TABLE users (
        no INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, password TEXT, role TEXT NOT NULL,
        scope TEXT NOT NULL, disabled INTEGER NOT NULL DEFAULT 0, single_use INTEGER NOT NULL DEFAULT 0,
        created_at INTEGER NOT NULL, created_by TEXT NOT NULL);
    CREATE TABLE logins (
        digest TEXT PRIMARY KEY, user_no INTEGER NOT NULL, created_at INTEGER NOT NULL,
        seen_at INTEGER NOT NULL, address TEXT NOT NULL, agent TEXT NOT NULL);
    CREATE TABLE tokens (
        id TEXT PRIMARY KEY, digest TEXT NOT NULL UNIQUE, user_no INTEGER NOT NULL, name TEXT NOT NULL,
        created_at INTEGER NOT NULL, expires_at INTEGER, revoked_at INTEGER, used_at INTEGER);
    CREATE TABLE failures (subject TEXT PRIMARY KEY, count INTEGER NOT NULL, last_at INTEGER NOT NULL)
    """
TOKEN_PREFIX: Final = "sojourn_"
_USER: Final = "u.no, u.name, u.role, u.scope, u.disabled, u.single_use, u.created_at, u.created_by"
_TOKEN: Final = "t.id, t.name, t.created_at, t.expires_at, t.revoked_at, t.used_at"
_NAME: Final = re.compile(r"[\w.@+-]{1,64}")
_MINUTE: Final = 60_000_000


class User(msgspec.Struct, frozen=True):
    """Somebody who may sign in. `single_use`: the password has to be replaced first."""

    no: int
    name: str
    role: str
    scope: Scope
    disabled: bool
    single_use: bool
    created_at: int
    created_by: str

    @property
    def rights(self) -> frozenset[Right]:
        """Those of the role; what shows events as they were sent is not for eyes that may not see all."""
        rights = ROLES[self.role]
        return (
            rights
            if self.scope.everything
            else rights - {Right.LIVE, Right.DECIDE, Right.ERASE, Right.MANAGE}
        )


class Login(msgspec.Struct, frozen=True):
    """A browser that is signed in: `id` is made of its token and does not give it away."""

    id: str
    created_at: int
    seen_at: int
    address: str
    agent: str


class Token(msgspec.Struct, frozen=True):
    """A token of the API, without its secret."""

    id: str
    name: str
    created_at: int
    expires_at: int | None
    revoked_at: int | None
    used_at: int | None


class Users(Audit):
    """The part of the registry that knows users."""

    def create_user(
        self,
        name: str,
        role: str,
        by: str,
        *,
        password: str | None,
        scope: Scope | None = None,
        single_use: bool = False,
    ) -> User:
        """A new user; `password` is the hash of one (None: they cannot sign in yet). RegistryError says what
        is wrong.

        Without a scope, what the role masks.
        """
        _check_name(name)
        _check_role(role)
        kept = _text(scope if scope is not None else Scope(masks=MASKED[role]))
        values = (name, password, role, kept, single_use, self._now(), by)
        columns = "name, password, role, scope, single_use, created_at, created_by"
        with self._transaction():
            try:
                self._con.execute(f"INSERT INTO users ({columns}) VALUES (?, ?, ?, ?, ?, ?, ?)", values)
            except sqlite3.IntegrityError:
                raise RegistryError(f"there is a user {name!r} already; choose another name") from None
            self._note(by, "user.create", f"{name}: {role}, {kept}")
        return self.user(name)

    def users(self) -> list[User]:
        return [_user(row) for row in self._all(f"SELECT {_USER} FROM users AS u ORDER BY u.name")]

    def user(self, name: str) -> User:
        """RegistryError where there is none."""
        rows = self._all(f"SELECT {_USER} FROM users AS u WHERE u.name = ?", (name,))
        if not rows:
            raise RegistryError(f"there is no user {name!r}; `sojourn user list` shows them")
        return _user(rows[0])

    def password_of(self, name: str) -> str | None:
        """The hash of a user's password; None where there is none, no such user, or they may not sign in."""
        rows = self._all("SELECT password FROM users WHERE name = ? AND NOT disabled", (name,))
        return rows[0][0] if rows else None

    def change_user(
        self,
        name: str,
        by: str,
        *,
        role: str | None = None,
        scope: Scope | None = None,
        disabled: bool | None = None,
    ) -> User:
        """Another role, scope or state; they are signed out everywhere. RegistryError where nobody could
        manage users any more.
        """
        before = self.user(name)
        role = before.role if role is None else _check_role(role)
        kept = _text(before.scope if scope is None else scope)
        shut = before.disabled if disabled is None else disabled
        with self._transaction():
            self._con.execute(
                "UPDATE users SET role = ?, scope = ?, disabled = ? WHERE no = ?",
                (role, kept, shut, before.no),
            )
            self._keep_manager()
            self._con.execute("DELETE FROM logins WHERE user_no = ?", (before.no,))
            self._note(by, "user.change", f"{name}: {role}, {kept}{', disabled' if shut else ''}")
        return self.user(name)

    def set_password(self, name: str, password: str, by: str, *, single_use: bool = False) -> None:
        """`password` is a hash. They are signed out everywhere, and failed tries are forgotten."""
        user = self.user(name)
        with self._transaction():
            self._con.execute(
                "UPDATE users SET password = ?, single_use = ? WHERE no = ?", (password, single_use, user.no)
            )
            self._con.execute("DELETE FROM logins WHERE user_no = ?", (user.no,))
            tried = "DELETE FROM failures WHERE subject = ? OR substr(subject, 1, length(?)) = ?"
            self._con.execute(tried, (name, f"{name} from ", f"{name} from "))
            self._note(by, "user.password", name + (" for single use" if single_use else ""))

    # where users are signed in

    def sign_in(self, user: User, address: str, agent: str) -> str:
        """A new login; returns its secret token, which is kept nowhere."""
        token, at = secrets.token_urlsafe(32), self._now()
        with self._transaction():
            self._con.execute(
                "INSERT INTO logins VALUES (?, ?, ?, ?, ?, ?)",
                (digest(token), user.no, at, at, address, agent[:200]),
            )
            self._note(user.name, "login", address)
        return token

    def signed_in(self, token: str, idle: int, longest: int) -> User | None:
        """Whose login the token is, if it was used within `idle` µs and is not older than `longest` µs."""
        now, name = self._now(), digest(token)
        sql = f"""
            SELECT {_USER}, l.seen_at FROM logins AS l JOIN users AS u ON u.no = l.user_no
            WHERE l.digest = ? AND NOT u.disabled AND l.seen_at > ? AND l.created_at > ?"""
        rows = self._all(sql, (name, now - idle, now - longest))
        if not rows:
            return None
        if now - rows[0][-1] > _MINUTE:
            with self._transaction():
                self._con.execute("UPDATE logins SET seen_at = ? WHERE digest = ?", (now, name))
        return _user(rows[0][:-1])

    def sign_out(self, user: User, id: str) -> None:
        """End one login of the user, by its id."""
        with self._transaction():
            self._con.execute(
                "DELETE FROM logins WHERE user_no = ? AND substr(digest, 1, 12) = ?", (user.no, id)
            )
            self._note(user.name, "logout", id)

    def logins(self, user: User) -> list[Login]:
        sql = """
            SELECT substr(digest, 1, 12), created_at, seen_at, address, agent FROM logins
            WHERE user_no = ? ORDER BY seen_at DESC"""
        return [Login(*row) for row in self._all(sql, (user.no,))]

    # tokens of the API

    def create_token(self, user: User, name: str, by: str, expires_at: int | None) -> tuple[Token, str]:
        """A token with the rights of its user, and its secret, which is kept nowhere."""
        secret, id = TOKEN_PREFIX + secrets.token_urlsafe(32), f"t_{secrets.token_hex(6)}"
        made = Token(id, name, self._now(), expires_at, None, None)
        with self._transaction():
            self._con.execute(
                "INSERT INTO tokens VALUES (?, ?, ?, ?, ?, ?, NULL, NULL)",
                (id, digest(secret), user.no, name, made.created_at, expires_at),
            )
            self._note(by, "token.create", f"{id} of {user.name}: {name}")
        return made, secret

    def tokens(self, user: User) -> list[Token]:
        sql = f"SELECT {_TOKEN} FROM tokens AS t WHERE t.user_no = ? ORDER BY t.created_at"
        return [Token(*row) for row in self._all(sql, (user.no,))]

    def revoke_token(self, user: User, id: str, by: str) -> None:
        """RegistryError where the user has no such token."""
        if all(one.id != id for one in self.tokens(user)):
            raise RegistryError(
                f"{user.name} has no token {id!r}; `sojourn token list {user.name}` shows them"
            )
        with self._transaction():
            self._con.execute(
                "UPDATE tokens SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL", (self._now(), id)
            )
            self._note(by, "token.revoke", f"{id} of {user.name}")

    def user_of_token(self, secret: str) -> User | None:
        """Whose token it is, while it is valid."""
        now = self._now()
        sql = f"""
            SELECT {_USER}, t.id, t.used_at FROM tokens AS t JOIN users AS u ON u.no = t.user_no
            WHERE t.digest = ? AND NOT u.disabled AND t.revoked_at IS NULL
                AND coalesce(t.expires_at, ?) > ?"""
        rows = self._all(sql, (digest(secret), now + 1, now))
        if not rows:
            return None
        *user, id, used_at = rows[0]
        if now - (used_at or 0) > _MINUTE:
            with self._transaction():
                self._con.execute("UPDATE tokens SET used_at = ? WHERE id = ?", (now, id))
        return _user(user)

    # failed tries

    def count_failure(self, subjects: Sequence[str], detail: str) -> None:
        """One more failed try for each of these."""
        with self._transaction():
            self._con.executemany(
                "INSERT INTO failures VALUES (?, 1, ?) "
                "ON CONFLICT DO UPDATE SET count = count + 1, last_at = excluded.last_at",
                [(subject, self._now()) for subject in subjects],
            )
            self._note("", "login.failed", detail)

    def failures(self, subject: str) -> tuple[int, int]:
        """(failed tries, µs since the last of them)."""
        rows = self._all("SELECT count, last_at FROM failures WHERE subject = ?", (subject,))
        return (rows[0][0], self._now() - rows[0][1]) if rows else (0, 0)

    def forget_failures(self, subjects: Sequence[str], older_than: int) -> None:
        """Those of these subjects, and all that are older than so many µs."""
        with self._transaction():
            self._con.executemany("DELETE FROM failures WHERE subject = ?", [(one,) for one in subjects])
            self._con.execute("DELETE FROM failures WHERE last_at < ?", (self._now() - older_than,))

    def _keep_manager(self) -> None:
        rows = self._con.execute(f"SELECT {_USER} FROM users AS u WHERE NOT u.disabled").fetchall()
        if not any(Right.MANAGE in _user(row).rights for row in rows):
            raise RegistryError("nobody could manage users any more; make another admin first")


def digest(secret: str) -> str:
    """What is kept of a random secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _user(row: Sequence[Any]) -> User:
    no, name, role, scope, disabled, single_use, *rest = row
    return User(
        no, name, role, msgspec.json.decode(scope, type=Scope), bool(disabled), bool(single_use), *rest
    )


def _text(scope: Scope) -> str:
    return scope.key().decode()


def _check_role(role: str) -> str:
    if role not in ROLES:
        raise RegistryError(f"role is {role!r}; it must be one of {', '.join(ROLES)}")
    return role


def _check_name(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise RegistryError(f"user name {name!r} will not do: 1 to 64 letters, digits and . _ @ + - would")
    return name
