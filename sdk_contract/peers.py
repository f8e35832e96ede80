"""Whose address a request comes from: the peer's, or what a trusted proxy says."""

import re
from collections.abc import Sequence
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from sdk_contract.errors import SettingError

_HOST = re.compile(r"[A-Za-z0-9._-]+(:\d{1,5})?|\[[0-9a-fA-F:.]+\](:\d{1,5})?")
Network = IPv4Network | IPv6Network


def networks(text: str) -> tuple[Network, ...]:
    """Networks of a comma list of CIDR blocks or addresses; SettingError names the one that is neither."""
    found: list[Network] = []
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        try:
            found.append(ip_network(part, strict=False))
        except ValueError as error:
            text = f"SOJOURN_TRUSTED_PROXIES: {part!r} is not a network; write for example 10.0.0.0/8"
            raise SettingError(text) from error
    return tuple(found)


def bare(text: str) -> str | None:
    """The address in a part of X-Forwarded-For (`1.2.3.4:80`, `[::1]:80`, …); None: not an address."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        return str(ip_address(text))
    except ValueError:
        return None


class Peers:
    """Finds the client of a request: from right to left through the proxies that are trusted."""

    def __init__(self, trusted: tuple[Network, ...]) -> None:
        self._trusted = trusted
        self._is_trusted = lru_cache(4096)(self._look)

    def _look(self, address: str) -> bool:
        try:
            parsed = ip_address(address)
        except ValueError:
            return False
        mapped = getattr(parsed, "ipv4_mapped", None) or parsed
        return any(mapped in network for network in self._trusted)

    def trusts(self, peer: str | None) -> bool:
        """Whether what this peer says of its own clients is believed."""
        return bool(self._trusted) and peer is not None and self._is_trusted(peer)

    def client(self, peer: str | None, headers: list[tuple[bytes, bytes]]) -> str | None:
        """The nearest address that is not a trusted proxy; the search ends at a part that is no address."""
        if not self._trusted or peer is None or not self._is_trusted(peer):
            return peer
        chain = b",".join(value for name, value in headers if name == b"x-forwarded-for").decode("latin-1")
        for part in reversed(chain.split(",")):
            address = bare(part)
            if address is None:
                return peer
            peer = address
            if not self._is_trusted(peer):
                return peer
        return peer

    def origin(self, peer: str | None, headers: Sequence[tuple[bytes, bytes]], scheme: str) -> str:
        """Scheme and host as the client asked for them; a trusted proxy says what they were there.

        Of several values the first is the client's; a host that is none counts as localhost.
        """
        named = {name: value.decode("latin-1").partition(",")[0].strip() for name, value in reversed(headers)}
        host = named.get(b"host", "")
        if self.trusts(peer):
            host = named.get(b"x-forwarded-host", host)
            scheme = named.get(b"x-forwarded-proto", scheme)
        scheme = "https" if scheme == "https" else "http"
        return f"{scheme}://{host if _HOST.fullmatch(host) else 'localhost'}"
