"""Keyed hashes and encryption. Pure: the keys are handed in, and equal values give equal tokens."""

import hmac
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, Final

from msgspec import Struct

from sdk_contract.privacy.errors import BadToken, KeyGone
from sdk_contract.privacy.normal import normal

# `suppress` is a key of its own, so that a change of the hash key lets nobody in again.
PURPOSES: Final = ("hash", "encrypt", "quarantine", "suppress")
_HASH_BYTES: Final = 16
_NONCE_BYTES: Final = 12
_TOKEN: Final = re.compile(r"sj:(enc|seal):([a-z]{1,20}):([A-Za-z0-9_-]+)")
_PURPOSE_OF: Final = {"enc": "encrypt", "seal": "quarantine"}


class SecretKey(Struct, frozen=True):
    """One key: 32 random bytes for one purpose. `id` is small letters, `created_at` µs UTC."""

    id: str
    purpose: str
    created_at: int
    secret: bytes


class Vault:
    """The keys of one data folder. The newest of a purpose makes tokens, the older ones still read theirs."""

    def __init__(self, keys: Iterable[SecretKey]) -> None:
        ordered = sorted(keys, key=lambda key: (key.created_at, key.id))
        self._by_id = {key.id: key for key in ordered}
        self._newest = {key.purpose: key for key in ordered}

    def hash(self, kind: str, text: str) -> str:
        """The keyed hash of a value: `sj:hash:<key id>:<22 letters>`, one for each kind and value."""
        key = self._of("hash")
        return f"sj:hash:{key.id}:{_hashed(key.secret, kind, text)}"

    def digest(self, kind: str, value: str) -> str:
        """What the registry keeps of a suppressed id; an e-mail or phone number in any spelling."""
        return _hashed(self._of("suppress").secret, kind, normal(kind, value))

    def tombstone(self, project: str, kind: str, value: str) -> str:
        """What is left of an erased id: a keyed hash of 32 bytes, which tells nothing without the key. An
        e-mail or phone number has the same in any spelling.
        """
        text = f"{project}\0{kind}\0{normal(kind, value)}".encode("utf-8", "surrogatepass")
        return _letters(hmac.digest(_derived(self._of("suppress").secret, b"tombstone"), text, "sha256"))

    def pseudonym(self, project: str, value: str) -> str:
        """The name under which the events of a person go on to be kept: `p_` and 22 letters."""
        key = _derived(self._of("suppress").secret, b"pseudonym")
        return f"p_{_hashed(key, project, value)}"

    def encrypt(self, text: str) -> str:
        """The value for authorised readers only: `sj:enc:<key id>:<base64url>`."""
        return _encrypted("enc", self._of("encrypt"), text.encode("utf-8", "surrogatepass"))

    def decrypt(self, token: str) -> str:
        """The value that `encrypt` was given; KeyGone where its key was forgotten, else BadToken."""
        return self._opened("enc", token).decode("utf-8", "surrogatepass")

    def seal(self, data: bytes) -> str:
        """A request or an event that cannot be read: `sj:seal:<key id>:<base64url>`."""
        return _encrypted("seal", self._of("quarantine"), data)

    def unseal(self, token: str) -> bytes:
        """The bytes that `seal` was given; KeyGone where its key was forgotten, else BadToken."""
        return self._opened("seal", token)

    def _of(self, purpose: str) -> SecretKey:
        try:
            return self._newest[purpose]
        except KeyError:
            raise KeyGone(purpose) from None

    def _opened(self, form: str, token: str) -> bytes:
        found = _TOKEN.fullmatch(token)
        if found is None or found[1] != form:
            raise BadToken(f"{token[:40]!r} is no token of the form sj:{form}:<key id>:<letters>")
        key = self._by_id.get(found[2])
        if key is None or key.purpose != _PURPOSE_OF[form]:
            raise KeyGone(found[2])
        return _decrypted(form, key, found[3])


def _hashed(secret: bytes, kind: str, text: str) -> str:
    mac = hmac.digest(secret, f"{kind}\0{text}".encode("utf-8", "surrogatepass"), "sha256")
    return _letters(mac[:_HASH_BYTES])


def _letters(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def _encrypted(form: str, key: SecretKey, data: bytes) -> str:
    nonce = hmac.digest(_derived(key.secret, b"nonce"), data, "sha256")[:_NONCE_BYTES]
    sealed = _cipher(key.secret).encrypt(nonce, data, f"sj:{form}:{key.id}".encode())
    return f"sj:{form}:{key.id}:{_letters(nonce + sealed)}"


def _decrypted(form: str, key: SecretKey, letters: str) -> bytes:
    from cryptography.exceptions import InvalidTag

    try:
        data = urlsafe_b64decode(letters + "=" * (-len(letters) % 4))
        opened: bytes = _cipher(key.secret).decrypt(
            data[:_NONCE_BYTES], data[_NONCE_BYTES:], f"sj:{form}:{key.id}".encode()
        )
    except (NotBase64, ValueError, InvalidTag):
        raise BadToken("the token is not whole: it was cut or changed after it was made") from None
    return opened


def _derived(secret: bytes, use: bytes) -> bytes:
    return hmac.digest(secret, b"sojourn " + use, "sha256")


@lru_cache(64)
def _cipher(secret: bytes) -> Any:
    # Loaded late: most keys need it never, and every worker would pay for it.
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    return AESGCM(_derived(secret, b"cipher"))
