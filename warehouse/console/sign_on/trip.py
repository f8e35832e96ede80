"""One sign-on, from the console to the provider and back: what the browser keeps meanwhile, sealed."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from typing import Final

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from warehouse.console.sign_on.refusals import NotSignedOn, Refusal

LIFE_S: Final = 600
_NONCE: Final = 12


class Trip(msgspec.Struct, frozen=True):
    """`state` comes back in the address, `nonce` in the ID token; `verifier` proves who exchanges the code
    (RFC 7636). `back`: the page that was asked for; `began`: µs UTC.
    """

    state: str
    nonce: str
    verifier: str
    back: str
    began: int


def begin(back: str, now: int) -> Trip:
    state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
    return Trip(state, nonce, verifier, back[:2_000], now)


def sealed(trip: Trip, key: str) -> str:
    """As text that only who has the key reads or makes."""
    nonce = secrets.token_bytes(_NONCE)
    closed = _cipher(key).encrypt(nonce, msgspec.json.encode(trip), None)
    return base64.urlsafe_b64encode(nonce + closed).decode()


def opened(text: str, state: str, key: str, now: int) -> Trip:
    """The trip that this browser began and that comes back with this state. NotSignedOn where it is not."""
    try:
        raw = base64.urlsafe_b64decode(text.encode())
        trip = msgspec.json.decode(_cipher(key).decrypt(raw[:_NONCE], raw[_NONCE:], None), type=Trip)
    except (InvalidTag, binascii.Error, ValueError, msgspec.MsgspecError):
        raise NotSignedOn(Refusal.BEGIN, "no sign-on of this browser") from None
    if not hmac.compare_digest(trip.state.encode(), state.encode()):
        raise NotSignedOn(Refusal.BEGIN, "another state came back")
    if not 0 <= now - trip.began < LIFE_S * 1_000_000:
        raise NotSignedOn(Refusal.BEGIN, "begun too long ago")
    return trip


def _cipher(key: str) -> AESGCM:
    return AESGCM(hashlib.sha256(key.encode()).digest())
