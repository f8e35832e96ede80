import gzip
import json
import random
import zlib
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable
from functools import partial
from urllib.parse import quote

import brotli
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from sdk_contract.bodies import unpack
from sdk_contract.errors import Refused
from sdk_contract.verdicts import Reason

LIMIT = 2**20
TEXT = json.dumps({"batch": [{"type": "track", "名": "夏🛒"}]}, ensure_ascii=False).encode()


def packed(text: bytes) -> bytes:
    """Gzip without the time of day: test names come from these bytes."""
    return gzip.compress(text, mtime=0)


def raw_deflate(text: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(text) + packer.flush()


def form(value: bytes, name: str = "data") -> bytes:
    return f"ip=1&{name}={quote(value)}&verbose=1".encode()


@pytest.mark.parametrize(
    ("body", "encoding"),
    [
        (TEXT, ""),
        (TEXT, "gzip"),
        (TEXT, "deflate"),
        (TEXT, "br"),
        (b"\xef\xbb\xbf" + TEXT, ""),
        (packed(TEXT), "gzip"),
        (packed(TEXT), "GZIP"),
        (packed(TEXT), ""),
        (packed(packed(TEXT)), "gzip"),
        (packed(TEXT[:9]) + packed(TEXT[9:]), "gzip"),
        (packed(TEXT) + b"\0" * 7, "gzip"),
        (zlib.compress(TEXT), "deflate"),
        (raw_deflate(TEXT), "deflate"),
        (brotli.compress(TEXT), "br"),
        (brotli.compress(TEXT), " BR "),
        (zstandard.compress(TEXT), "zstd"),
        (zstandard.compress(TEXT), ""),
        (zstandard.ZstdCompressor(write_content_size=False).compress(TEXT), "zstd"),
        (b64encode(TEXT), ""),
        (urlsafe_b64encode(TEXT).rstrip(b"="), ""),
        (b64encode(packed(TEXT)), ""),
        (form(TEXT), ""),
        (form(b64encode(TEXT)), ""),
        (form(b64encode(packed(TEXT)), "data_list"), ""),
        (b"data=" + b64encode(TEXT), ""),
    ],
)
def test_a_body_is_what_it_looks_like(body: bytes, encoding: str) -> None:
    assert unpack(body, encoding, LIMIT) == TEXT


def test_a_plus_that_became_a_space_is_a_plus() -> None:
    text = b'{"a":">>>"}'
    assert b"+" in b64encode(text)
    assert unpack(b"data=" + b64encode(text).replace(b"+", b" "), "", LIMIT) == text


@pytest.mark.parametrize(
    ("body", "encoding", "reason"),
    [
        (b"", "", Reason.BAD_ENVELOPE),
        (b"hello", "", Reason.BAD_ENVELOPE),
        (b"a=1&b=2", "", Reason.BAD_ENVELOPE),
        (b"data=%%%", "", Reason.BAD_ENVELOPE),
        (b"data=12345", "", Reason.BAD_ENVELOPE),
        (b"&".join([b"a=1"] * 200), "", Reason.BAD_ENVELOPE),
        (b"\x00\x01\x02", "", Reason.BAD_ENVELOPE),
        (b"\x28\xb5\x2f\xfd", "zstd", Reason.BAD_COMPRESSION),
        (packed(TEXT)[:-9], "gzip", Reason.BAD_COMPRESSION),
        (packed(TEXT)[:12], "gzip", Reason.BAD_COMPRESSION),
        (b"\x1f\x8bnonsense", "gzip", Reason.BAD_COMPRESSION),
        (b"nonsense", "deflate", Reason.BAD_COMPRESSION),
        (packed(b"{") * 65, "gzip", Reason.BAD_COMPRESSION),
        (b"nonsense", "br", Reason.BAD_COMPRESSION),
        (brotli.compress(TEXT)[:-2], "br", Reason.BAD_COMPRESSION),
        (brotli.compress(b"{" + b" " * 10_000_000), "br", Reason.BAD_COMPRESSION),
        (zstandard.compress(TEXT)[:-2], "zstd", Reason.BAD_COMPRESSION),
        (
            zstandard.ZstdCompressor(write_content_size=False).compress(TEXT)[:-2],
            "zstd",
            Reason.BAD_COMPRESSION,
        ),
        (zstandard.compress(b"{" + b" " * 10_000_000), "zstd", Reason.BAD_COMPRESSION),
        (
            zstandard.ZstdCompressor(write_content_size=False).compress(b"{" + b" " * 10_000_000),
            "zstd",
            Reason.BAD_COMPRESSION,
        ),
        (packed(b"{" + b" " * 10_000_000), "gzip", Reason.BODY_TOO_LARGE),
        (b"{" + b" " * LIMIT, "", Reason.BODY_TOO_LARGE),
        (b64encode(packed(b"{" + b" " * 2_000_000)), "", Reason.BAD_COMPRESSION),
    ],
)
def test_what_cannot_be_unpacked_is_refused(body: bytes, encoding: str, reason: Reason) -> None:
    with pytest.raises(Refused) as caught:
        unpack(body, encoding, LIMIT)
    assert caught.value.reason == reason
    assert caught.value.detail


PACKERS = [
    pytest.param(partial(brotli.compress, quality=3), "br", id="brotli"),
    pytest.param(zstandard.compress, "zstd", id="zstd"),
    pytest.param(zstandard.ZstdCompressor(write_content_size=False).compress, "zstd", id="zstd of no size"),
]


@pytest.mark.parametrize(("pack", "encoding"), PACKERS)
def test_a_bomb_of_any_packer_stops_at_the_limit(pack: Callable[[bytes], bytes], encoding: str) -> None:
    noise = random.Random(1).randbytes(1_500_000).hex().encode()
    with pytest.raises(Refused) as caught:
        unpack(pack(noise), encoding, LIMIT)
    assert caught.value.reason == Reason.BODY_TOO_LARGE
    assert unpack(pack(b"[" + noise[: LIMIT - 2] + b"]"), encoding, LIMIT)[:1] == b"["


def test_a_bomb_below_the_limit_is_known_by_its_ratio() -> None:
    bomb = packed(b'{"a":"' + b"x" * 900_000 + b'"}')
    with pytest.raises(Refused, match="unpacks to more than 262144 bytes, too much for its size") as caught:
        unpack(bomb, "gzip", LIMIT)
    assert caught.value.reason == Reason.BAD_COMPRESSION
    assert len(unpack(bomb, "gzip", LIMIT, ratio=1100)) == 900_008


def test_a_short_batch_that_packs_well_is_no_bomb() -> None:
    text = b"[" + b",".join([TEXT] * 4000) + b"]"
    small = packed(text[:250_000])
    assert len(small) * 50 < 250_000
    assert unpack(small, "gzip", LIMIT, ratio=20) == text[:250_000]


def test_surrogates_encoded_by_themselves_are_paired() -> None:
    halves = "🛒".encode("utf-16", "surrogatepass").decode("utf-16").encode("utf-16-be")
    split = b"".join(
        chr(int.from_bytes(halves[at : at + 2], "big")).encode("utf-8", "surrogatepass") for at in (0, 2)
    )
    assert unpack(b'{"a":"' + split + b'","b":"\xff"}', "", LIMIT) == '{"a":"🛒","b":"'.encode() + b'\xff"}'
    alone = b'{"a":"' + split[:3] + b'"}'
    assert unpack(alone, "", LIMIT) == alone


@given(st.text(), st.sampled_from(["plain", "gzip", "deflate", "base64", "form"]))
@settings(max_examples=100, deadline=None)
def test_packing_and_unpacking(text: str, way: str) -> None:
    body = json.dumps({"a": text}).encode()
    ways = {
        "plain": body,
        "gzip": packed(body),
        "deflate": zlib.compress(body),
        "base64": b64encode(body),
    }
    sent = ways.get(way, form(body))
    assert unpack(sent, way if way == "deflate" else "", LIMIT) == body


@given(st.binary(max_size=60), st.sampled_from(["", "gzip", "deflate", "x"]))
@settings(max_examples=100, deadline=None)
def test_any_bytes_unpack_or_are_refused(body: bytes, encoding: str) -> None:
    for sent in (body, b"\x1f\x8b\x08\x00" + body, b"data=" + body):
        assert outcome(sent, encoding) in (b"{", b"[", 400, 413)


def outcome(body: bytes, encoding: str) -> bytes | int:
    try:
        return unpack(body, encoding, LIMIT).lstrip()[:1]
    except Refused as refused:
        return refused.reason.status


def test_a_packed_body_that_begins_as_json_does_is_unpacked() -> None:
    """Brotli's head of a body of this length is a blank and a bracket."""
    text = b'{"batch":[%b]}' % (b"x" * 171)
    body = brotli.compress(text, quality=1)
    assert body.startswith(b"\x0b[")
    assert unpack(body, "br", LIMIT) == text


def test_a_packed_body_whose_first_byte_is_a_brace_is_unpacked() -> None:
    """A byte order mark, in deflate's fixed code."""
    text = b'{"batch":[]}'
    packer = zlib.compressobj(9, wbits=-15)
    body = packer.compress(b"\xef\xbb\xbf" + text) + packer.flush()
    assert body.startswith(b"{")
    assert unpack(body, "deflate", LIMIT) == text


@pytest.mark.parametrize("encoding", ["br", "deflate"])
def test_json_that_was_never_packed_stays_as_it_is(encoding: str) -> None:
    assert unpack(TEXT, encoding, LIMIT) == TEXT
