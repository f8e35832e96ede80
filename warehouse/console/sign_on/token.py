"""The ID token: signed by one of the provider's keys, for us, for this sign-on, and now."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import msgspec

from warehouse.console.sign_on.refusals import NotSignedOn, Refusal

if TYPE_CHECKING:
    from joserfc.jwk import Key

# Signatures of key pairs alone: with "none" and HMAC, whoever knows the public keys could sign.
ALGORITHMS: Final = ("RS256", "ES256")
LEEWAY_S: Final = 60
_LONGEST: Final = 64 * 1024


class Expected(msgspec.Struct, frozen=True):
    """What a token has to say."""

    issuer: str
    client: str
    nonce: str


class KeyUnknown(Exception):
    """No key of the provider's set has the token's id; the set may have changed."""


def keys_in(document: Any) -> dict[str, Key]:
    """The key pairs of a key set (RFC 7517) by their ids; others in it are left out."""
    from joserfc.errors import JoseError
    from joserfc.jwk import ECKey, RSAKey

    kinds: dict[str, type[RSAKey] | type[ECKey]] = {"RSA": RSAKey, "EC": ECKey}
    found: dict[str, Key] = {}
    for one in document.get("keys", []) if isinstance(document, dict) else []:
        if isinstance(one, dict) and one.get("kty") in kinds and one.get("use", "sig") == "sig":
            try:
                found[str(one.get("kid", ""))] = kinds[one["kty"]].import_key(one)
            except (JoseError, ValueError):
                continue
    return found


def claims_of(
    token: str, keys: Mapping[str, Key], expected: Expected, now: int, access_token: str | None = None
) -> dict[str, Any]:
    """What a token says that holds at `now` (µs UTC). KeyUnknown, and NotSignedOn with what is wrong."""
    from authlib.oidc.core.claims import CodeIDToken
    from joserfc import jws, jwt
    from joserfc.errors import JoseError

    if len(token) > _LONGEST:
        raise NotSignedOn(Refusal.TOKEN, "too long")
    try:
        header = jws.extract_compact(token.encode()).headers()
        found = jwt.decode(token, _key(header, keys), list(ALGORITHMS))
        claims = CodeIDToken(
            found.claims,
            found.header,
            {"iss": {"value": expected.issuer}, "aud": {"value": expected.client}},
            {"nonce": expected.nonce, "client_id": expected.client, "access_token": access_token},
        )
        claims.validate(now // 1_000_000, LEEWAY_S)
    except (JoseError, ValueError, TypeError) as error:
        raise NotSignedOn(Refusal.TOKEN, str(error)[:200]) from error
    if not isinstance(claims["sub"], str) or not 0 < len(claims["sub"]) <= 255:
        raise NotSignedOn(Refusal.TOKEN, "sub is not a text of 1 to 255 characters")
    return dict(claims)


def _key(header: Mapping[str, Any], keys: Mapping[str, Key]) -> Key:
    if header.get("alg") not in ALGORITHMS:
        raise NotSignedOn(Refusal.TOKEN, f"signed with {str(header.get('alg'))[:20]}, not RS256 or ES256")
    id = header.get("kid")
    if id is None and len(keys) == 1:
        return next(iter(keys.values()))
    if str(id) not in keys:
        raise KeyUnknown(str(id)[:100])
    return keys[str(id)]
