import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sdk_contract.privacy.masks import mask
from sdk_contract.privacy.policy import PII_CLASSES


@pytest.mark.parametrize(
    ("kind", "text", "masked"),
    [
        ("email", "mary@example.com", "m***@e***.com"),
        ("email", "nonsense", "n***"),
        ("phone", "13812345678", "138****5678"),
        ("phone", "+1 212 555 0199", "+1 *** *** **99"),
        ("phone", "ext", "ext"),
        ("card", "6222 0202 0011 0123", "6222 **** **** 0123"),
        ("id_number", "11010519491231002X", "11**************2X"),
        ("uscc", "91350100M000100Y43", "91************0Y43"),
        ("name", "张三丰", "张**"),
        ("name", "Ada Lovelace", "A** L*******"),
        ("address", "北京市朝阳区建国路1号", "北京市***"),
        ("address", "x", "***"),
        ("birthday", "1990-03-07", "1990-**-**"),
        ("birthday", "7 March 1990", "* March ****"),
        ("ip", "203.0.113.9", "203.0.113.0"),
        ("ip", "2001:db8:1:2::5", "2001:db8:1::"),
        ("ip", "nonsense", "***"),
        ("account", "wx-ada-1815", "w***5"),
        ("account", "ada", "a***"),
        ("text", "anything at all", "***"),
    ],
)
def test_a_mask_keeps_the_shape(kind: str, text: str, masked: str) -> None:
    assert mask(kind, text) == masked


@given(st.sampled_from(PII_CLASSES), st.text(max_size=30) | st.text("0123456789-+ @.a*", max_size=20))
@settings(max_examples=300, deadline=None)
def test_masking_twice_is_masking_once(kind: str, text: str) -> None:
    once = mask(kind, text)
    assert mask(kind, once) == once
