"""The keys that hash and encrypt: one file a key in <data>/secrets, for the owner of the folder alone."""

from __future__ import annotations

import fcntl
import os
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import msgspec

from sdk_contract.privacy.vault import PURPOSES, SecretKey, Vault
from warehouse.errors import SecretError

_SECRET_BYTES: Final = 32
_ID_LETTERS: Final = 8
_LOCK: Final = ".lock"
# Only letters: no detector takes a part of a key id for a number.
_LETTERS: Final = "abcdefghijklmnopqrstuvwxyz"


class KeyFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a file holds; `secret` is base64."""

    id: str
    purpose: str
    created_at: int
    secret: str


class Listed(msgspec.Struct, frozen=True):
    """A key without its secret. `newest`: tokens of its purpose are made with it."""

    id: str
    purpose: str
    created_at: int
    newest: bool


class Secrets:
    """The folder of keys. `now` gives µs UTC, `random(n)` n bytes that nobody can guess."""

    def __init__(self, folder: Path, now: Callable[[], int], random: Callable[[int], bytes]) -> None:
        self.folder = folder
        self._now, self._random = now, random
        self._names: list[str] = []
        self._vault = Vault(())
        self._keys: list[SecretKey] = []

    @classmethod
    def open(cls, folder: Path, now: Callable[[], int], random: Callable[[int], bytes]) -> Secrets:
        """Read the keys; make the folder, and a key for each purpose that has none.

        SecretError for a file that cannot be read. Several programs may do this at the same time.
        """
        secrets = cls(folder, now, random)
        secrets.refresh()
        if {key.purpose for key in secrets._keys} != set(PURPOSES):
            secrets._complete()
        return secrets

    def vault(self) -> Vault:
        """The keys as they were at the last refresh; the same object until they change."""
        return self._vault

    def refresh(self) -> bool:
        """Read the keys again where files came or went; True where they did."""
        names = sorted(path.name for path in self.folder.glob("*.json")) if self.folder.is_dir() else []
        if names == self._names:
            return False
        self._keys = [key for name in names if (key := _read(self.folder / name))]
        self._keys.sort(key=lambda key: (key.created_at, key.id))
        self._names, self._vault = names, Vault(self._keys)
        return True

    def list(self) -> list[Listed]:
        """Every key, oldest first."""
        newest = {key.purpose: key.id for key in self._keys}
        return [
            Listed(key.id, key.purpose, key.created_at, newest[key.purpose] == key.id) for key in self._keys
        ]

    def rotate(self, purpose: str) -> Listed:
        """Make a new newest key; what older ones made stays readable. SecretError for a wrong purpose."""
        if purpose not in PURPOSES:
            raise SecretError(f"there are no keys for {purpose!r}; {', '.join(PURPOSES[:-1])} would do")
        if purpose == "suppress":
            raise SecretError(
                "the key of suppressions cannot be changed: whoever is suppressed would be let in again"
            )
        with self._locked():
            made = self._make(purpose)
        return next(key for key in self.list() if key.id == made.id)

    def forget(self, key_id: str) -> Listed:
        """Shred a key: its file is overwritten and removed. What it encrypted can never be read again.

        The newest of its purpose is followed by a new one. SecretError when there is none of this id, and
        for the key of suppressions.
        """
        self.refresh()
        found = next((key for key in self.list() if key.id == key_id), None)
        if found is None:
            raise SecretError(f"there is no key {key_id!r}; `sojourn secret list` shows them")
        if found.purpose == "suppress":
            raise SecretError(
                "the key of suppressions cannot be forgotten: whoever is suppressed would be let in again"
            )
        with self._locked():
            if found.newest:
                self._make(found.purpose)
            _shred(self._path(found.purpose, found.id), self._random)
            self.refresh()
        return found

    def _complete(self) -> None:
        with self._locked():
            self.refresh()
            for purpose in PURPOSES:
                if not any(key.purpose == purpose for key in self._keys):
                    self._make(purpose)

    def _make(self, purpose: str) -> SecretKey:
        id = "".join(_LETTERS[byte % len(_LETTERS)] for byte in self._random(_ID_LETTERS))
        newest = max((key.created_at for key in self._keys if key.purpose == purpose), default=0)
        key = SecretKey(id, purpose, max(self._now(), newest + 1), self._random(_SECRET_BYTES))
        _write(self._path(purpose, id), key)
        self.refresh()
        return key

    def _path(self, purpose: str, id: str) -> Path:
        return self.folder / f"{purpose}-{id}.json"

    @contextmanager
    def _locked(self) -> Iterator[None]:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (self.folder / _LOCK).open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _read(path: Path) -> SecretKey | None:
    """The key of a file; None where it was forgotten a moment ago."""
    try:
        held = msgspec.json.decode(path.read_bytes(), type=KeyFile)
        secret = b64decode(held.secret, validate=True)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, msgspec.MsgspecError) as error:
        raise SecretError(f"{path} is not whole: {error}; put it back from a backup") from None
    if len(secret) != _SECRET_BYTES or held.purpose not in PURPOSES:
        raise SecretError(f"{path} is not a key of ours; put it back from a backup, or take it away")
    return SecretKey(held.id, held.purpose, held.created_at, secret)


def _write(path: Path, key: SecretKey) -> None:
    held = KeyFile(key.id, key.purpose, key.created_at, b64encode(key.secret).decode())
    draft = path.with_suffix(".draft")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(msgspec.json.encode(held))
        file.flush()
        os.fsync(file.fileno())
    draft.rename(path)
    _sync(path.parent)


def _shred(path: Path, random: Callable[[int], bytes]) -> None:
    with path.open("r+b") as file:
        size = path.stat().st_size
        file.write(random(size))
        file.flush()
        os.fsync(file.fileno())
    path.unlink()
    _sync(path.parent)


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
