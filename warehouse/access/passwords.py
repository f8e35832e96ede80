"""Passwords: Argon2id (RFC 9106), what is too easy to guess, and ones for a single use."""

from __future__ import annotations

import secrets
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from warehouse.errors import RegistryError

SHORTEST, LONGEST = 10, 200
# What people choose first where ten letters are asked for.
_CHOSEN: Final = """
    1234567890 0123456789 9876543210 1q2w3e4r5t qwertyuiop qwerty1234 password12 password123 password1234
    adminadmin admin12345 administrator welcome123 iloveyou12 letmein123 changeme12 sojourn123 sojournsojourn
    woaini1314 5201314520 abcdefghij abc1234567
    """
_COMMON: Final = frozenset(_CHOSEN.split())


class Passwords:
    """Hashes and verifies passwords; the costs are RFC 9106's second choice unless given otherwise."""

    def __init__(self, *, passes: int = 3, memory_kib: int = 65_536, lanes: int = 4) -> None:
        self._hasher = PasswordHasher(time_cost=passes, memory_cost=memory_kib, parallelism=lanes)
        # Verified where there is no such user, so that the answer takes as long.
        self._nobody = self._hasher.hash(secrets.token_urlsafe(16))

    def hash(self, password: str) -> str:
        return self._hasher.hash(password)

    def fits(self, password: str, kept: str | None) -> bool:
        """Whether it is the password of that hash; None is the hash of nobody."""
        try:
            self._hasher.verify(kept or self._nobody, password)
        except (VerificationError, InvalidHashError):
            return False
        return kept is not None


def accept(password: str, name: str) -> str:
    """The password, if it will do for that user. RegistryError says why it will not."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise RegistryError(
            f"the password has {len(password)} characters; it must have {SHORTEST} to {LONGEST}"
        )
    plain = password.lower()
    if plain in _COMMON or len(set(plain)) < 4 or (len(name) > 3 and name.lower() in plain):
        raise RegistryError("the password is too easy to guess; three or four unrelated words would do")
    return password


def single_use() -> str:
    """A random password to be replaced at the first login: 79 bits in letters that are not mixed up."""
    letters = "abcdefghjkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(letters) for _ in range(4)) for _ in range(4))
