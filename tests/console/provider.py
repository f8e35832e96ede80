"""An OpenID Connect provider on loopback, which can be told to misbehave."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

CLIENT, SECRET = "console", "a secret / of: the client"


class Provider:
    """Signs everybody on as `person`; `now` gives µs UTC. `sign` may say
    how a token is signed; codes are used once.
    """

    def __init__(self, now: Callable[[], int]) -> None:
        self.now = now
        self.issuer = ""
        self.keys: list[ECKey | RSAKey] = []
        self.person: dict[str, Any] = {"sub": "u-1", "email": "mei@shop.example", "email_verified": True}
        self.person["groups"] = ["staff", "analysts"]
        self.about: dict[str, Any] = {}
        self.seen: list[str] = []
        self.asked: dict[str, dict[str, str]] = {}
        self.given: list[dict[str, str]] = []
        self.rotate()
        self.behave()

    def behave(self) -> None:
        """As a good provider does."""
        self.sign: Callable[[dict[str, Any]], str] = self.signed
        self.userinfo: dict[str, Any] = {}

    def rotate(self, key: ECKey | RSAKey | None = None) -> None:
        """Signs with a new key from now on, and knows no other."""
        self.keys = [key or ECKey.generate_key("P-256", parameters={"kid": f"key-{len(self.seen)}"})]

    def signed(self, claims: dict[str, Any]) -> str:
        key = self.keys[-1]
        algorithm = "RS256" if isinstance(key, RSAKey) else "ES256"
        return jwt.encode({"alg": algorithm, "kid": key.kid}, claims, key)

    def unsigned(self, claims: dict[str, Any], algorithm: str = "none") -> str:
        header = {"alg": algorithm, "kid": self.keys[-1].kid}
        head, body = (_text(json.dumps(one).encode()) for one in (header, claims))
        return f"{head}.{body}."

    def by_public_key(self, claims: dict[str, Any]) -> str:
        """HMAC with what everybody knows as its secret."""
        head, body, _ = self.unsigned(claims, "HS256").split(".")
        public = self.keys[-1].as_pem(False)
        return f"{head}.{body}.{_text(hmac.digest(public, f'{head}.{body}'.encode(), 'sha256'))}"

    def answer(self, method: str, path: str, query: dict[str, str], auth: str) -> tuple[int, Any]:
        self.seen.append(path)
        if path == "/.well-known/openid-configuration":
            return 200, self._described() | self.about
        if path == "/jwks":
            return 200, {"keys": [one.as_dict(private=False) for one in self.keys]}
        if path == "/authorize":
            self.asked[f"code-{len(self.asked)}"] = query
            back = {"code": f"code-{len(self.asked) - 1}", "state": query["state"], "iss": self.issuer}
            return 302, f"{query['redirect_uri']}?{urlencode(back)}"
        if path == "/userinfo":
            return 200, self.userinfo
        return self._token(query, auth) if path == "/token" and method == "POST" else (404, {})

    def _described(self) -> dict[str, Any]:
        places = {
            "authorization": "authorize",
            "token": "token",
            "userinfo": "userinfo",
            "end_session": "out",
        }
        ends = {f"{name}_endpoint": f"{self.issuer}/{place}" for name, place in places.items()}
        return {"issuer": self.issuer, "jwks_uri": f"{self.issuer}/jwks", **ends}

    def claims(self, nonce: str) -> dict[str, Any]:
        """Of a token of now."""
        now = self.now() // 1_000_000
        found = {"iss": self.issuer, "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": nonce}
        return found | self.person

    def _token(self, form: dict[str, str], auth: str) -> tuple[int, Any]:
        self.given.append(form)
        asked = self.asked.pop(form["code"], None)
        known = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        proof = hashlib.sha256(form["code_verifier"].encode()).digest()
        if asked is None or auth != f"Basic {known}" or form["redirect_uri"] != asked["redirect_uri"]:
            return 400, {"error": "invalid_grant"}
        if _text(proof) != asked["code_challenge"]:
            return 400, {"error": "invalid_grant"}
        claims = self.claims(asked["nonce"])
        return 200, {"access_token": "access", "token_type": "Bearer", "id_token": self.sign(claims)}


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


@contextmanager
def serving(provider: Provider) -> Iterator[Provider]:
    """The provider answers on a port of loopback inside."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer("GET", urlsplit(self.path).query)

        def do_POST(self) -> None:
            self._answer("POST", self.rfile.read(int(self.headers["Content-Length"])).decode())

        def _answer(self, method: str, fields: str) -> None:
            query = {name: values[0] for name, values in parse_qs(fields).items()}
            path, auth = urlsplit(self.path).path, self.headers.get("Authorization", "")
            status, body = provider.answer(method, path, query, auth)
            text = b"" if status == 302 else json.dumps(body).encode()
            self.send_response(status)
            if status == 302:
                self.send_header("Location", body)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, format: str, *args: Any) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    provider.issuer = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
