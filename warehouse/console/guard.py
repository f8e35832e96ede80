"""What stands before every page: the Host check, and the headers browsers obey."""

import ipaddress
from collections.abc import Collection
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sdk_contract.peers import Peers

CONTENT_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": CONTENT_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
# Half a year in which a browser that was here over https comes no other way.
STRICT = "max-age=15552000"


def is_loopback(host: str) -> bool:
    """Whether only programs of this machine can reach a server bound to `host`."""
    if host == "localhost":
        return True
    address = _address(host)
    return address is not None and address.is_loopback


def host_name(header: str) -> str:
    """The name in a Host header, without port and brackets, in lower case."""
    name = header.strip().lower()
    if name.startswith("["):
        return name[1:].partition("]")[0]
    return name.partition(":")[0]


def _address(name: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(name)
    except ValueError:
        return None


class SafeHeaders:
    """Adds the security headers to every answer; pages are not kept by caches.

    A request has the scheme by which the browser asked, and cookies follow it: a trusted proxy says which.
    Over https the browser is told to stay with it, but not for this machine: that would hold for all ports.
    """

    def __init__(self, app: ASGIApp, peers: Peers) -> None:
        self.app, self.peers = app, peers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        peer = (scope.get("client") or (None,))[0]
        asked = urlsplit(self.peers.origin(peer, scope["headers"], scope["scheme"]))
        scope["scheme"] = asked.scheme
        strict = asked.scheme == "https" and not is_loopback(asked.hostname or "")

        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(HEADERS)
                if strict:
                    headers["Strict-Transport-Security"] = STRICT
                headers.setdefault(
                    "Cache-Control", "no-cache" if scope["path"].startswith("/static/") else "no-store"
                )
            await send(message)

        await self.app(scope, receive, send_safely)


class KnownHosts:
    """Answers 421 to a Host header that is neither a known name nor an IP address.

    A page of another site can point its own name at 127.0.0.1 and read the console through the visitor's
    browser; it cannot do so under a name of ours, nor under a bare address.
    """

    def __init__(self, app: ASGIApp, names: Collection[str]) -> None:
        self.app = app
        self.names = {name.lower() for name in names} | {"localhost"}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            name = host_name(Headers(scope=scope).get("host", ""))
            if name not in self.names and _address(name) is None:
                await self._refuse(name)(scope, receive, send)
                return
        await self.app(scope, receive, send)

    def _refuse(self, name: str) -> Response:
        text = f"The console is not known as {name!r}; if it should be, set SOJOURN_CONSOLE_NAMES={name}\n"
        return PlainTextResponse(text, status_code=421)
