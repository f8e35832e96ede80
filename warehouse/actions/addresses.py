"""Which addresses actions may go to: public ones over https, and what a setting allows beside.

A name is looked up once, and the connection goes to one of the addresses that were checked: a name that leads
elsewhere a moment later leads nowhere.
"""

from __future__ import annotations

import asyncio
import socket
import typing
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final
from urllib.parse import urlsplit

import httpcore
import msgspec

from sdk_contract.errors import SettingError
from warehouse.actions.errors import Unsafe

Address = IPv4Address | IPv6Address
# Ranges in which an IPv4 address is wrapped: what is inside would be reached.
_WRAPPING: Final = (ip_network("64:ff9b::/96"), ip_network("2002::/16"), ip_network("2001::/32"))


class Allowed(msgspec.Struct, frozen=True):
    """Hosts and networks that are allowed beside public addresses."""

    names: frozenset[str] = frozenset()
    networks: tuple[IPv4Network | IPv6Network, ...] = ()

    def has(self, host: str, address: Address) -> bool:
        """Whether this host, or its address, is among them."""
        return host.lower() in self.names or any(
            address in network for network in self.networks if network.version == address.version
        )


def read_allowed(text: str) -> Allowed:
    """Hosts and networks, by commas. SettingError."""
    names, networks = set(), []
    for part in filter(None, (one.strip() for one in text.split(","))):
        try:
            networks.append(ip_network(part, strict=False))
        except ValueError:
            if "/" in part or ":" in part:
                raise SettingError(
                    f"SOJOURN_ACTION_HOSTS: {part[:60]!r} will not do; crm.internal or 10.0.0.0/8 would"
                ) from None
            names.add(part.lower())
    return Allowed(frozenset(names), tuple(networks))


def is_public(address: Address) -> bool:
    """Whether it is of the public internet, and nothing wrapped in it is not."""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return is_public(address.ipv4_mapped)
        if any(address in network for network in _WRAPPING):
            return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def permitted(host: str, addresses: Iterable[str], allowed: Allowed, *, secure: bool) -> list[str]:
    """Those of a host's addresses that may be connected to. Unsafe where there are none."""
    found = []
    for text in addresses:
        address = ip_address(text.split("%")[0])
        if allowed.has(host, address) or (secure and is_public(address)):
            found.append(text)
    if not found:
        wanted = "a public address" if secure else "https"
        raise Unsafe(f"{host} will not do: {wanted} would, or SOJOURN_ACTION_HOSTS with it")
    return found


async def resolve(host: str, port: int) -> list[str]:
    """The addresses of a host. OSError where there are none."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(one[4][0]) for one in found))


def is_secure(url: str) -> bool:
    return urlsplit(url).scheme == "https"


class Guarded(httpcore.AsyncNetworkBackend):
    """Connects to permitted addresses alone. `secure`: whether the connection is to become TLS."""

    def __init__(self, allowed: Allowed, *, secure: bool) -> None:
        self._allowed, self._secure = allowed, secure
        self._inner = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: typing.Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        try:
            addresses = await asyncio.wait_for(resolve(host, port), timeout)
        except (OSError, TimeoutError) as error:
            raise httpcore.ConnectError(f"{host} is not known: {error}") from error
        at = permitted(host, addresses, self._allowed, secure=self._secure)[0]
        return await self._inner.connect_tcp(at, port, timeout, local_address, socket_options)

    async def sleep(self, seconds: float) -> None:
        await self._inner.sleep(seconds)
