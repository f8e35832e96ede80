"""Whom the single sign-on knows as which user."""

from __future__ import annotations

from warehouse.access.roles import MASKED
from warehouse.access.scope import Scope
from warehouse.registry.users import User, Users

SCRIPT = """
    CREATE TABLE sign_ons (
        issuer TEXT NOT NULL, subject TEXT NOT NULL, user_no INTEGER NOT NULL UNIQUE,
        created_at INTEGER NOT NULL, PRIMARY KEY (issuer, subject))
    """
BY = "single sign-on"


class SignOns(Users):
    """The part of the registry that knows which user somebody at the provider is."""

    def user_of_subject(self, issuer: str, subject: str) -> User | None:
        """The user of somebody whom the issuer calls so; None where they never came."""
        sql = """
            SELECT u.name FROM sign_ons AS s JOIN users AS u ON u.no = s.user_no
            WHERE s.issuer = ? AND s.subject = ?"""
        rows = self._all(sql, (issuer, subject))
        return self.user(rows[0][0]) if rows else None

    def signs_on(self, user: User) -> bool:
        """Whether the user is somebody's at the provider."""
        return bool(self._all("SELECT 1 FROM sign_ons WHERE user_no = ?", (user.no,)))

    def bind_subject(self, user: User, issuer: str, subject: str) -> None:
        """From now on the user is who the issuer calls so."""
        with self._transaction():
            values = (issuer, subject, user.no, self._now())
            self._con.execute("INSERT INTO sign_ons VALUES (?, ?, ?, ?)", values)
            self._note(BY, "user.bind", f"{user.name}: {subject} of {issuer}")

    def follow_role(self, user: User, role: str) -> User:
        """The user with the role that the provider's word gives; masks that came with the old one go with it.

        RegistryError where nobody could manage users any more.
        """
        if user.role == role:
            return user
        usual = user.scope == Scope(masks=MASKED[user.role])
        return self.change_user(user.name, BY, role=role, scope=Scope(masks=MASKED[role]) if usual else None)
