"""The 63-bit key under which the lake joins an identity; SQL has the same function as a macro."""

from hashlib import md5

_SEPARATOR = "\x1f"


def identity_key(project: str, kind: str, value: str) -> int:
    """Returns the key of one identity: the first 8 bytes of an MD5, without the lowest bit.

    `kind` is 'anonymous_id' or 'user_id'. The result is 0 … 2**63 - 1, so that it fits a BIGINT.
    """
    text = _SEPARATOR.join((project, kind, value))
    return int.from_bytes(md5(text.encode(), usedforsecurity=False).digest()[:8], "big") >> 1
