"""Takes queries and forms apart."""

from binascii import a2b_qp
from typing import Final
from urllib.parse import unquote_to_bytes

# What escaped base64 is made of: none of it is `=`, by which quoted-printable begins an escape.
_ESCAPED_BASE64: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_+ %"
_MOST: Final = 100


def fields(text: bytes) -> dict[bytes, bytes]:
    """The fields of a query or form, decoded; the first of several with one name, none that are empty.

    Of so many that no SDK sends them only the first hundred.
    """
    found: dict[bytes, bytes] = {}
    for part in text.split(b"&", _MOST)[:_MOST]:
        name, _, value = part.partition(b"=")
        if value:
            found.setdefault(_decoded(name), _decoded(value))
    return found


def _decoded(text: bytes) -> bytes:
    if b"+" in text:
        text = text.replace(b"+", b" ")
    return unescaped(text) if b"%" in text else text


def unescaped(text: bytes) -> bytes:
    """The bytes that a text with `%2B` and its like stands for; what is no escape stays.

    Long base64 goes another way: quoted-printable has the same escapes, and is read in one go.
    """
    if not text.translate(None, _ESCAPED_BASE64):
        found = a2b_qp(text.replace(b"%", b"="))
        if len(found) == len(text) - 2 * text.count(b"%"):
            return found
    return unquote_to_bytes(text)
