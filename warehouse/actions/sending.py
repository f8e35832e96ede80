"""One try: the entry goes to its destination, and what became of it."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Mapping
from typing import Final, Protocol

import httpcore

from sdk_contract.errors import Terminal
from warehouse.actions.addresses import Allowed, Guarded, is_secure
from warehouse.actions.errors import BadAction, SecretMissing, Unsafe
from warehouse.actions.mail import mail_of, send_mail
from warehouse.actions.messages import Request, request_of
from warehouse.actions.outcomes import Outcome, of_answer, of_error
from warehouse.actions.rules import Destination, Rule
from warehouse.registry.actions import Entry

_LONGEST_ANSWER: Final = 1 << 16
_CONNECTIONS: Final = 64


class Sender(Protocol):
    """Tries one entry."""

    async def send(
        self, to: Destination, rule: Rule, entry: Entry, secrets: Mapping[str, str]
    ) -> Outcome: ...

    async def close(self) -> None: ...


class Wire:
    """Over the network: HTTP through pools that connect to permitted addresses alone, e-mail by SMTP."""

    def __init__(self, allowed: Allowed, timeout: float, now: Callable[[], int]) -> None:
        self._allowed, self._timeout, self._now = allowed, timeout, now
        self._tls: ssl.SSLContext | None = None
        self._pools: dict[bool, httpcore.AsyncConnectionPool] = {}

    async def send(self, to: Destination, rule: Rule, entry: Entry, secrets: Mapping[str, str]) -> Outcome:
        """Never raises for what the destination does, or for a message that cannot be made."""
        try:
            if to.kind == "email":
                return await self._mail(to, rule, entry, secrets.get("password", ""))
            request = request_of(to, rule, entry, secrets, self._now())
            return await self._request(to.kind, request)
        except (BadAction, Unsafe) as error:
            return Outcome("dead", str(error))
        except SecretMissing as error:
            return Outcome("retry", str(error), down=True)
        except Terminal as error:
            return Outcome("dead", str(error))

    async def close(self) -> None:
        for pool in self._pools.values():
            await pool.aclose()

    async def _mail(self, to: Destination, rule: Rule, entry: Entry, password: str) -> Outcome:
        mail = mail_of(to, rule, entry)
        return await asyncio.to_thread(
            send_mail, to, mail, password, timeout=self._timeout, allowed=self._allowed, tls=self._context
        )

    async def _request(self, kind: str, request: Request) -> Outcome:
        try:
            return await asyncio.wait_for(self._asked(kind, request), self._timeout)
        except (TimeoutError, OSError, httpcore.NetworkError, httpcore.ProtocolError) as error:
            return of_error(error)
        except httpcore.TimeoutException as error:
            return of_error(error)
        except (httpcore.UnsupportedProtocol, UnicodeEncodeError, ValueError) as error:
            return Outcome("dead", f"the address will not do: {type(error).__name__}")

    async def _asked(self, kind: str, request: Request) -> Outcome:
        headers = [
            (name.encode("ascii"), value.encode("latin-1", "replace"))
            for name, value in request.headers.items()
        ]
        pool = self._pool(is_secure(request.url))
        async with pool.stream(request.method, request.url, headers=headers, content=request.body) as answer:
            body = bytearray()
            async for part in answer.aiter_stream():
                body += part
                if len(body) > _LONGEST_ANSWER:
                    break
            told = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in answer.headers}
            return of_answer(kind, answer.status, told, bytes(body[:_LONGEST_ANSWER]), self._now())

    def _pool(self, secure: bool) -> httpcore.AsyncConnectionPool:
        if secure not in self._pools:
            self._pools[secure] = httpcore.AsyncConnectionPool(
                ssl_context=self._context() if secure else None,
                max_connections=_CONNECTIONS,
                keepalive_expiry=15.0,
                network_backend=Guarded(self._allowed, secure=secure),
            )
        return self._pools[secure]

    def _context(self) -> ssl.SSLContext:
        if self._tls is None:
            self._tls = ssl.create_default_context()
        return self._tls
