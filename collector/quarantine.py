"""Keeps bodies that cannot be read: sealed, in the journal, up to a quota for each write key."""

from typing import Final

from msgspec.json import encode

from sdk_contract.privacy import Vault
from sdk_contract.verdicts import Judgement, Reason, Verdict
from warehouse.segments import HOUR_US

UNREADABLE: Final = frozenset({Reason.BAD_ENVELOPE, Reason.BAD_COMPRESSION})
_QUOTING: Final = ("the body begins with", "content-encoding")
KEPT_BYTES: Final = 64 * 1024


class Room:
    """Bytes that may be kept for each write key and hour; the hours before are forgotten."""

    def __init__(self, room: int) -> None:
        self.room = room
        self._hour = 0
        self._used: dict[int, int] = {}

    def take(self, key_no: int, size: int, now: int) -> bool:
        """True where that many bytes (`now`: µs UTC) still fit; they are taken off then."""
        if now // HOUR_US != self._hour:
            self._hour, self._used = now // HOUR_US, {}
        used = self._used.get(key_no, 0) + size
        if used > self.room:
            return False
        self._used[key_no] = used
        return True


def sealed(body: bytes, vault: Vault) -> bytes:
    """What is written of a body: one JSON string, its first bytes encrypted."""
    return encode(vault.seal(body[:KEPT_BYTES]))


def judgement(reason: Reason, detail: str) -> Judgement:
    """Why a body was refused, in words that quote nothing of it."""
    return Judgement(0, Verdict.REJECTED, reason, "", reason.text if detail.startswith(_QUOTING) else detail)
