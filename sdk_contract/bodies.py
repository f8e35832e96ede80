"""Unpacks a request body by what it is, not by what its headers say."""

import re
import zlib
from base64 import b64decode
from binascii import Error as NotBase64
from typing import Final

from sdk_contract.errors import Refused
from sdk_contract.queries import fields
from sdk_contract.verdicts import Reason

RATIO: Final = 200
# Below this a high ratio is harmless: a short batch of equal events packs very well.
_RATIO_FROM: Final = 256 * 1024
_LAYERS: Final = 3
_MEMBERS: Final = 64
_GZIP: Final = b"\x1f\x8b"
# What is no packing's beginning, where no header names one.
_BARE: Final = (b"{", b"[")
_BOM: Final = b"\xef\xbb\xbf"
_GZIP_BITS, _ZLIB_BITS, _DEFLATE_BITS = 31, 15, -15
_ZSTD: Final = b"\x28\xb5\x2f\xfd"
# What a browser's or SDK's packer asks for at most; a larger window would be memory without use.
_ZSTD_WINDOW: Final = 8 << 20
_NAMES: Final = {"", "identity", "gzip", "x-gzip", "deflate", "br", "zstd"}
_FORM_FIELDS: Final = (b"data", b"data_list", b"batch")
_FORM = re.compile(rb"[A-Za-z_][A-Za-z0-9_.-]*=[^=]")
_BASE64 = re.compile(rb"[A-Za-z0-9+/_\s-]{8,}={0,2}\s*")
# UTF-8 of a surrogate pair, each half encoded by itself as some browsers do; never a part of proper UTF-8.
_HALVES = re.compile(rb"\xed[\xa0-\xaf][\x80-\xbf]\xed[\xb0-\xbf][\x80-\xbf]")


def unpack(body: bytes, encoding: str, limit: int, ratio: int = RATIO) -> bytes:
    """Returns the JSON text of a body: unpacked, taken out of a form or base64, surrogate pairs mended.

    `encoding` is the Content-Encoding header ("" for none), `limit` the bytes that may come out, `ratio` how
    many may come out of one packed byte. Raises Refused: BODY_TOO_LARGE, BAD_COMPRESSION, or BAD_ENVELOPE for
    what is neither JSON, form nor base64. Whether the text is good JSON is not looked at.
    """
    if not encoding and body[:1] in _BARE and len(body) <= limit:
        return _mend_surrogates(body)
    for _ in range(_LAYERS):
        body = inflate(body, encoding, limit, ratio)
        if _is_json(body):
            return _mend_surrogates(body.removeprefix(_BOM))
        body, encoding = _take_out(body, encoding), ""
    raise _not_json(body)


def inflate(body: bytes, encoding: str, limit: int, ratio: int = RATIO) -> bytes:
    """Undoes only the packing; arguments and errors as of `unpack`."""
    if encoding or body[:1] not in _BARE:
        body = _inflate_by_looks(body, encoding, limit, ratio)
    if len(body) > limit:
        raise Refused(Reason.BODY_TOO_LARGE, f"{len(body)} bytes; at most {limit} would do")
    return body


def _is_json(body: bytes) -> bool:
    return body[:1] in _BARE or body.removeprefix(_BOM).lstrip()[:1] in _BARE


def _inflate_by_looks(body: bytes, encoding: str, limit: int, ratio: int) -> bytes:
    """Undoes gzip wherever it shows, twice where the header and the client both packed."""
    for _ in range(2):
        if body.startswith(_GZIP):
            body = _inflate(body, _GZIP_BITS, limit, ratio)
    if body.startswith(_ZSTD):
        return _expand(body, limit, ratio)
    name = encoding.strip().lower()
    if name not in ("deflate", "br"):
        return body
    try:
        return _inflate_by_name(body, name, limit, ratio)
    except Refused as refused:
        # A packed body can begin as JSON does: only unpacking tells it from one that was never packed.
        if refused.reason is Reason.BAD_COMPRESSION and _is_json(body):
            return body
        raise


def _inflate_by_name(body: bytes, name: str, limit: int, ratio: int) -> bytes:
    if name == "br":
        return _unbrotli(body, limit, ratio)
    return _inflate(body, _ZLIB_BITS if _has_zlib_head(body) else _DEFLATE_BITS, limit, ratio)


def _has_zlib_head(body: bytes) -> bool:
    return len(body) > 1 and body[0] & 15 == 8 and (body[0] << 8 | body[1]) % 31 == 0


def _inflate(body: bytes, bits: int, limit: int, ratio: int) -> bytes:
    room = ceiling = _ceiling(body, limit, ratio)
    parts: list[bytes] = []
    for _ in range(_MEMBERS):
        unpacker = zlib.decompressobj(bits)
        try:
            parts.append(unpacker.decompress(body, room + 1))
        except zlib.error as error:
            raise Refused(Reason.BAD_COMPRESSION, str(error)) from None
        room -= len(parts[-1])
        if room < 0:
            raise _too_much(ceiling, limit)
        if not unpacker.eof:
            raise Refused(Reason.BAD_COMPRESSION, "the packed body ends too early")
        body = unpacker.unused_data
        if not body.startswith(_GZIP):
            return b"".join(parts)
    raise Refused(Reason.BAD_COMPRESSION, f"more than {_MEMBERS} gzip members")


def _ceiling(body: bytes, limit: int, ratio: int) -> int:
    return min(limit, max(len(body) * ratio, _RATIO_FROM))


def _unbrotli(body: bytes, limit: int, ratio: int) -> bytes:
    import brotli  # few SDKs pack with it

    ceiling = _ceiling(body, limit, ratio)
    unpacker, size = brotli.Decompressor(), 0
    parts: list[bytes] = []
    try:
        while not unpacker.is_finished():
            parts.append(unpacker.process(b"" if parts else body, output_buffer_limit=_RATIO_FROM))
            size += len(parts[-1])
            if size > ceiling:
                raise _too_much(ceiling, limit)
            if not parts[-1] and not unpacker.is_finished():
                raise Refused(Reason.BAD_COMPRESSION, "the packed body ends too early")
    except brotli.error as error:
        raise Refused(Reason.BAD_COMPRESSION, f"no brotli: {error}") from None
    return b"".join(parts)


def _expand(body: bytes, limit: int, ratio: int) -> bytes:
    import zstandard  # few SDKs pack with it

    ceiling = _ceiling(body, limit, ratio)
    try:
        declared = zstandard.frame_content_size(body)
        if declared > ceiling:
            raise _too_much(ceiling, limit)
        unpacker = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW)
        # A frame that does not tell its size and one that is cut off look the same to `decompress`.
        if declared < 0 and len(unpacker.stream_reader(body).read(ceiling + 1)) > ceiling:
            raise _too_much(ceiling, limit)
        unpacked: bytes = unpacker.decompress(body, max_output_size=ceiling + 1)
    except zstandard.ZstdError as error:
        raise Refused(Reason.BAD_COMPRESSION, f"no whole zstd: {error}") from None
    return unpacked


def _too_much(ceiling: int, limit: int) -> Refused:
    if ceiling == limit:
        return Refused(Reason.BODY_TOO_LARGE, f"unpacks to more than {limit} bytes")
    return Refused(Reason.BAD_COMPRESSION, f"unpacks to more than {ceiling} bytes, too much for its size")


def _take_out(body: bytes, encoding: str) -> bytes:
    if encoding.strip().lower() not in _NAMES:
        wanted = "gzip, deflate, br, zstd or none would do"
        raise Refused(Reason.BAD_COMPRESSION, f"content-encoding {encoding[:40]!r} is not known; {wanted}")
    if _FORM.match(body):
        return _from_form(body)
    if _BASE64.fullmatch(body):
        return _from_base64(body)
    raise _not_json(body)


def _from_form(body: bytes) -> bytes:
    found = fields(body)
    for name in _FORM_FIELDS:
        if value := found.get(name):
            # An unescaped + of base64 has become a space on the way.
            return value if _is_json(value) else _from_base64(value.replace(b" ", b"+"))
    raise _not_json(body)


def _from_base64(body: bytes) -> bytes:
    letters = b"".join(body.split()).rstrip(b"=").replace(b"-", b"+").replace(b"_", b"/")
    try:
        return b64decode(letters + b"=" * (-len(letters) % 4), validate=True)
    except NotBase64:
        raise _not_json(body) from None


def _not_json(body: bytes) -> Refused:
    return Refused(Reason.BAD_ENVELOPE, f"the body begins with {body[:20]!r}; a JSON object or list would do")


def _mend_surrogates(body: bytes) -> bytes:
    if b"\xed" not in body or _HALVES.search(body) is None:
        return body
    return _HALVES.sub(_pair, body)


def _pair(halves: re.Match[bytes]) -> bytes:
    text = halves[0].decode("utf-8", "surrogatepass")
    return text.encode("utf-16", "surrogatepass").decode("utf-16").encode()
