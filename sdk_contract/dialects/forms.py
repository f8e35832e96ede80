"""Reads queries and forms, in which some SDKs send their events."""

from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Sequence
from contextlib import suppress
from functools import lru_cache

from sdk_contract.bodies import unpack
from sdk_contract.queries import fields


@lru_cache(maxsize=4096)
def named(query: bytes, names: Sequence[bytes]) -> str | None:
    """The first of the fields `names` (a tuple) of a query that is there and is text; not for long ones."""
    found = fields(query)
    for name in names:
        if value := found.get(name):
            return value.decode(errors="replace")
    return None


def payload(value: bytes, limit: int) -> bytes:
    """The JSON text of a field's value: as it is, or base64 of either alphabet, then perhaps packed.

    A + of base64 that became a space is one again. Raises Refused as `bodies.unpack` does.
    """
    if value[:1] not in (b"{", b"["):
        value = value.replace(b" ", b"+")
        with suppress(NotBase64):  # what is none, `unpack` looks at more slowly, and says what it is
            value = b64decode(value, validate=True) or value
    return unpack(value, "", limit)
