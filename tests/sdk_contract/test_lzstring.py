"""lz64, as lz-string 1.5.0 packs it."""

from random import Random

import pytest

from sdk_contract.errors import Refused
from sdk_contract.lzstring import decompress
from sdk_contract.verdicts import Reason

PACKED = {
    "": b"Q===",
    "aaaaaa": b"IY1A",
    "hello hello hello": b"BYUwNmD2AEoTcpA=",
    "茶🛒茶🛒茶🛒 ÿ": b"mzBl4NxLe6HgBA/0A===",
}


@pytest.mark.parametrize("text", PACKED)
def test_what_javascript_packed_is_unpacked(text: str) -> None:
    assert decompress(PACKED[text], 100).decode() == text


@pytest.mark.parametrize("letters", [b"", b"!!", b"BYUw", b"BYUwNmD2AEoT", b"//////", b"A"])
def test_what_is_none_is_refused(letters: bytes) -> None:
    with pytest.raises(Refused) as refused:
        decompress(letters, 100)
    assert refused.value.reason is Reason.BAD_COMPRESSION


def test_it_unpacks_to_no_more_than_it_may() -> None:
    assert len(decompress(PACKED["hello hello hello"], 17)) == 17
    for limit in (16, 8):
        with pytest.raises(Refused, match="body_too_large"):
            decompress(PACKED["hello hello hello"], limit)
    with pytest.raises(Refused, match="body_too_large"):
        decompress(b"A" * (512 * 1024 + 1), 1 << 30)
    with pytest.raises(Refused, match="body_too_large"):
        decompress(PACKED["茶🛒茶🛒茶🛒 ÿ"], 20)


def test_whatever_is_done_to_it_it_is_unpacked_or_refused() -> None:
    random = Random(7)
    for _ in range(2000):
        letters = bytearray(random.choice(list(PACKED.values())))
        for _ in range(random.randint(1, 4)):
            letters[random.randrange(len(letters))] = random.randrange(256)
        try:
            assert len(decompress(bytes(letters), 50)) <= 50
        except Refused:
            continue
