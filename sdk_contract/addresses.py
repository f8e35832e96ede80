"""Takes the person out of IP addresses, wherever they stand in a JSON text, before anything is written."""

from functools import lru_cache
from ipaddress import IPv6Address, ip_address
from typing import Final, Protocol

from sdk_contract.address_spans import find_addresses
from sdk_contract.escapes import plain

POLICIES: Final = ("keep", "truncate", "hash", "drop")

_NETWORK: Final = (1 << 128) - (1 << 80)
# The first 48 bits of a 6to4 address hold a whole IPv4 address.
_NETWORK_6TO4: Final = (1 << 128) - (1 << 88)


class Hashes(Protocol):
    """What "hash" needs of a `privacy.Vault`."""

    def hash(self, kind: str, text: str) -> str: ...


def treat(body: bytes, policy: str, vault: Hashes | None = None) -> bytes:
    """Returns the JSON text with every IP address treated; what is no JSON is treated just as well.

    "keep" changes nothing. "truncate" keeps the network: IPv4 /24, IPv6 /48. "hash" puts a keyed hash in its
    place, one for each address in any spelling, and needs a vault. "drop" makes a value that is an
    address "", and an address within text 0.0.0.0 or `::`. Versions stay: Chrome/120.0.0.0, v1.2.3.4, values
    of keys that end in "version" or "build". Treating twice changes nothing. ValueError for another
    policy; Refused(BODY_TOO_LARGE) for more than 50,000 addresses.
    """
    if _must_keep(policy, vault):
        return body
    body = plain(body)
    pieces: list[bytes] = []
    done = 0
    for start, end, ip in find_addresses(body, networks=policy != "truncate"):
        pieces += (body[done:start], _treated(body, start, end, ip, policy, vault))
        done = end
    return b"".join((*pieces, body[done:])) if pieces else body


def treat_peer(address: str, policy: str, vault: Hashes | None = None) -> str:
    """Returns the address of a peer treated; "" for what is no address, and under "drop"."""
    if _must_keep(policy, vault):
        return address
    try:
        ip = ip_address(address.strip("[] ").partition("%")[0])
    except ValueError:
        return ""
    if policy == "drop":
        return ""
    if policy == "hash" and vault:
        return hash_ip(ip if isinstance(ip, IPv6Address) else str(ip), vault)
    return _network_v6(ip) if isinstance(ip, IPv6Address) else _network_v4(str(ip))


def hash_ip(ip: IPv6Address | str, vault: Hashes) -> str:
    """The keyed hash of an address; an IPv4 one, as text, has the same within IPv6."""
    if isinstance(ip, IPv6Address):
        return vault.hash("ip", str(ip.ipv4_mapped or ip))
    return vault.hash("ip", ".".join(str(int(number)) for number in ip.split(".")))


def _must_keep(policy: str, vault: Hashes | None) -> bool:
    if policy not in POLICIES:
        raise ValueError(f"IP policy {policy!r} is not known; one of {', '.join(POLICIES)} would do")
    if policy == "hash" and vault is None:
        raise ValueError("IP policy 'hash' needs a vault with the key of the hash")
    return policy == "keep"


def _treated(
    body: bytes, start: int, end: int, ip: IPv6Address | None, policy: str, vault: Hashes | None
) -> bytes:
    if policy == "hash" and vault:
        return hash_ip(ip or body[start:end].decode(), vault).encode()
    if policy == "drop":
        if _is_whole_value(body, start, end):
            return b""
        return b"0.0.0.0" if ip is None else _written_like(body[start:end], "::")
    if ip is None:
        return _network_v4(body[start:end].decode()).encode()
    return _written_like(body[start:end], _network_v6(ip))


def _written_like(text: bytes, address: str) -> bytes:
    """The address with its colons encoded as they are in the text."""
    if b"%" not in text:
        return address.encode()
    layers = len(text[text.index(b"%") :].split(b"3", 1)[0]) // 2
    return address.replace(":", "%" + "25" * layers + "3A").encode()


def _network_v4(address: str) -> str:
    return address.rpartition(".")[0] + ".0"


@lru_cache(4096)
def _network_v6(ip: IPv6Address) -> str:
    if ip.ipv4_mapped:
        return "::ffff:" + _network_v4(str(ip.ipv4_mapped))
    return str(IPv6Address(int(ip) & (_NETWORK_6TO4 if ip.sixtofour else _NETWORK)))


def _is_whole_value(body: bytes, start: int, end: int) -> bool:
    """Tells whether a string is nothing but this address, and is not the key of an object."""
    if body[start - 1 : start] != b'"' or body[end : end + 1] != b'"' or body[start - 2 : start - 1] == b"\\":
        return False
    return body[end + 1 : end + 20].lstrip()[:1] != b":"
