"""Jitsu's requests are Segment's at other addresses, with the key in a header."""

import pytest

from sdk_contract.dialects.jitsu import JITSU
from sdk_contract.dialects.segment import SEGMENT
from sdk_contract.verdicts import Reason


@pytest.mark.parametrize(
    ("header", "key"),
    [
        (b"wk_1", "wk_1"),
        (b"wk_1:secret", "wk_1"),
        (b"shop:wk_1", "wk_1"),
        (b"shop", "shop"),
        (b"", "masked"),
    ],
)
def test_the_key_stands_in_its_header(header: bytes, key: str) -> None:
    assert JITSU.find_key({b"x-write-key": header}, b"", "masked") == key


def test_every_type_has_an_address_for_pages_and_one_for_servers() -> None:
    kinds = ("track", "page", "screen", "identify", "group", "alias")
    assert {(route.path, route.kind) for route in JITSU.routes} == {
        (f"/api/s{part}/{kind}", kind) for part in ("", "/s2s") for kind in kinds
    }


def test_who_never_sends_again_is_not_told_to() -> None:
    assert not JITSU.resends
    assert JITSU.refusal(Reason.BUSY, "").status == JITSU.refusal(Reason.OVER_QUOTA, "").status == 503
    assert SEGMENT.refusal(Reason.BUSY, "").status == 429
    assert JITSU.refusal(Reason.UNKNOWN_KEY, "").status == 401
