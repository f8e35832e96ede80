"""The OpenID Connect provider: what it says of itself, its keys, a code for an ID token."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Mapping
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import httpx
import msgspec

from sdk_contract.errors import SettingError
from warehouse.console.guard import is_loopback
from warehouse.console.sign_on.refusals import NotSignedOn, Refusal
from warehouse.console.sign_on.rules import Rules
from warehouse.console.sign_on.token import Expected, KeyUnknown, claims_of, keys_in
from warehouse.console.sign_on.trip import Trip

if TYPE_CHECKING:
    from joserfc.jwk import Key

_TIMEOUT: Final = httpx.Timeout(10.0)
_LARGEST: Final = 1 << 20
# How long what the provider says of itself is believed, and how soon its keys are asked for again.
_BELIEVED: Final = 3_600_000_000
_AGAIN: Final = 10_000_000


class About(msgspec.Struct, frozen=True):
    """What the provider says of itself (OpenID Connect Discovery 1.0, 3)."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str | None = None
    end_session_endpoint: str | None = None
    token_endpoint_auth_methods_supported: tuple[str, ...] = ("client_secret_basic",)


class Provider:
    """Asks the provider of `rules`; `now` gives µs UTC. Every method may raise NotSignedOn."""

    def __init__(self, rules: Rules, now: Callable[[], int]) -> None:
        self._rules = rules
        self._now = now
        self._about: tuple[int, About] | None = None
        self._keys: tuple[int, dict[str, Key]] | None = None

    async def about(self) -> About:
        if self._about is None or self._now() - self._about[0] > _BELIEVED:
            place = self._rules.issuer.rstrip("/") + "/.well-known/openid-configuration"
            about = self._checked(await _asked("GET", place))
            self._about = self._now(), about
        return self._about[1]

    async def way(self, trip: Trip, back: str) -> str:
        """The address at the provider that a browser goes to; `back` is where it comes back to."""
        from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
        from authlib.oauth2.rfc7636 import create_s256_code_challenge

        address: str = prepare_grant_uri(
            (await self.about()).authorization_endpoint,
            self._rules.client,
            "code",
            back,
            self._rules.scopes,
            trip.state,
            nonce=trip.nonce,
            code_challenge=create_s256_code_challenge(trip.verifier),
            code_challenge_method="S256",
        )
        return address

    async def claims(self, code: str, trip: Trip, back: str) -> dict[str, Any]:
        """What the provider says of whom the code is for, of the ID token and where that lacks it of its own
        page about them.
        """
        given = await self._exchanged(code, trip, back)
        access = str(given.get("access_token") or "") or None
        expected = Expected(self._rules.issuer, self._rules.client, trip.nonce)
        token = str(given.get("id_token") or "")
        try:
            found = claims_of(token, await self.keys(), expected, self._now(), access)
        except KeyUnknown:
            found = await self._after_rotation(token, expected, access)
        return {**await self._more(found, access), **found}

    async def keys(self, *, anew: bool = False) -> Mapping[str, Key]:
        if self._keys is None or anew or self._now() - self._keys[0] > _BELIEVED:
            self._keys = self._now(), keys_in(await _asked("GET", (await self.about()).jwks_uri))
        return self._keys[1]

    async def _after_rotation(self, token: str, expected: Expected, access: str | None) -> dict[str, Any]:
        """By the keys of now: not asked for at every token that names a key which is not there."""
        fresh = self._keys is None or self._now() - self._keys[0] > _AGAIN
        try:
            return claims_of(token, await self.keys(anew=fresh), expected, self._now(), access)
        except KeyUnknown as error:
            raise NotSignedOn(Refusal.TOKEN, f"the provider has no key {error}") from None

    async def _exchanged(self, code: str, trip: Trip, back: str) -> dict[str, Any]:
        from authlib.oauth2.auth import ClientAuth
        from authlib.oauth2.rfc6749.parameters import prepare_token_request

        about, secret = await self.about(), self._rules.secret
        body = prepare_token_request(
            "authorization_code", redirect_uri=back, code=code, code_verifier=trip.verifier
        )
        kinds = about.token_endpoint_auth_methods_supported
        kind = "client_secret_basic" if "client_secret_basic" in kinds else "client_secret_post"
        auth = ClientAuth(self._rules.client, secret.reveal() if secret else "", kind if secret else "none")
        sent = {"Content-Type": "application/x-www-form-urlencoded"}
        place, headers, body = auth.prepare("POST", about.token_endpoint, sent, body)
        return dict(await _asked("POST", place, headers, body))

    async def _more(self, found: Mapping[str, Any], access: str | None) -> Mapping[str, Any]:
        """The claims of the UserInfo endpoint, which some providers give there alone."""
        place = (await self.about()).userinfo_endpoint
        if place is None or access is None or {"email", self._rules.claim} <= found.keys():
            return {}
        more = await _asked("GET", place, {"Authorization": f"Bearer {access}"})
        if more.get("sub") != found["sub"]:
            raise NotSignedOn(Refusal.TOKEN, "the UserInfo endpoint speaks of somebody else")
        return dict(more)

    def _checked(self, document: Any) -> About:
        try:
            about = msgspec.convert(document, About)
        except msgspec.ValidationError as error:
            raise NotSignedOn(Refusal.AWAY, f"what the provider says of itself: {error}") from None
        if about.issuer != self._rules.issuer:
            raise NotSignedOn(Refusal.AWAY, f"the provider calls itself {about.issuer[:200]!r}")
        for place in (about.authorization_endpoint, about.token_endpoint, about.jwks_uri):
            if not (place.startswith("https://") or is_loopback(urlsplit(place).hostname or "")):
                raise NotSignedOn(Refusal.AWAY, f"{place[:200]!r} is not https")
        return about


def provider_of(rules: Rules | None, now: Callable[[], int]) -> Provider | None:
    """SettingError where its libraries are not installed."""
    if rules is None:
        return None
    try:
        import_module("authlib")
    except ImportError:
        raise SettingError(
            "SOJOURN_SSO_ISSUER: single sign-on needs more libraries; pip install 'sojourn[sso]' would do"
        ) from None
    return Provider(rules, now)


@cache
def _trusted() -> ssl.SSLContext:
    """The authorities that a provider's certificate may come from, read once."""
    return httpx.create_ssl_context()


async def _asked(
    method: str, place: str, headers: Mapping[str, str] | None = None, body: str | None = None
) -> dict[str, Any]:
    """A JSON object of the provider's. NotSignedOn tells what came instead."""
    try:
        async with (
            httpx.AsyncClient(timeout=_TIMEOUT, trust_env=False, verify=_trusted()) as client,
            client.stream(method, place, headers=headers, content=body) as answer,
        ):
            text = bytearray()
            async for part in answer.aiter_bytes():
                text += part
                if len(text) > _LARGEST:
                    raise NotSignedOn(Refusal.AWAY, f"{_host(place)} answers with more than 1 MiB")
            return _read(answer.status_code, bytes(text), place)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise NotSignedOn(Refusal.AWAY, f"{_host(place)} does not answer: {type(error).__name__}") from error


def _read(status: int, text: bytes, place: str) -> dict[str, Any]:
    try:
        found = msgspec.json.decode(text, type=dict[str, Any])
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise NotSignedOn(Refusal.AWAY, f"{_host(place)} answers {status} without JSON") from None
    if status != 200:
        raise NotSignedOn(Refusal.AWAY, f"{_host(place)} answers {status}: {str(found.get('error'))[:100]}")
    return found


def _host(place: str) -> str:
    return urlsplit(place).netloc
