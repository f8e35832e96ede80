"""E-mail addresses and phone numbers in one way of writing."""

from __future__ import annotations

import subprocess
import sys

import pytest
from email_validator import validate_email
from hypothesis import given
from hypothesis import strategies as st

from sdk_contract.cleaning import normal_email, normal_phone
from sdk_contract.cleaning.contacts import _is_plain


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("mei.lin@shop.example", "mei.lin@shop.example"),
        ("MEI@QQ.COM", "mei@qq.com"),
        ("mailto:a@b.cn", "a@b.cn"),
        ("ｍｅｉ@example.com", "mei@example.com"),
        ("o'brien@example.org", "o'brien@example.org"),
        ("王@例子.中国", "王@例子.中国"),
        ("a@xn--fsqu00a.xn--fiqs8s", "a@例子.中国"),
        ("a..b@example.com", None),
        ("@example.com", None),
        ("a@b@c.com", None),
        ("a@localhost", None),
        ("a@-b.com", None),
        ("", None),
    ],
)
def test_an_address_is_lower_case_or_none(given: str, expected: str | None) -> None:
    assert normal_email(given) == expected


PARTS = st.text(alphabet="abz019-_+.", min_size=1, max_size=12)


@given(PARTS, PARTS, st.sampled_from(["com", "cn", "co.uk", "c", "info", "x1"]))
def test_what_is_taken_at_a_glance_the_library_takes_too(local: str, domain: str, last: str) -> None:
    address = f"{local}@{domain}.{last}"
    if _is_plain(address):
        found = validate_email(address, check_deliverability=False, globally_deliverable=False)
        assert found.normalized == address


@pytest.mark.parametrize(
    ("given", "region", "expected"),
    [
        ("13800138000", "CN", "+8613800138000"),
        ("+86 138-0013-8000", "CN", "+8613800138000"),
        ("008613800138000", "CN", "+8613800138000"),
        ("８６１３８００１３８０００", "CN", "+8613800138000"),
        ("tel:13800138000", "CN", "+8613800138000"),
        ("(010) 6552 9988", "CN", "+861065529988"),
        ("+1 (650) 253-0000", "CN", "+16502530000"),
        ("650 253 0000", "US", "+16502530000"),
        ("12345", "CN", None),
        ("+999 1234 5678", "CN", None),
        ("order 13800138000", "CN", None),
        ("2026-11-21", "CN", None),
        ("", "CN", None),
    ],
)
def test_a_number_is_e164_or_none(given: str, region: str, expected: str | None) -> None:
    assert normal_phone(given, region) == expected


def test_the_libraries_are_loaded_only_where_a_value_needs_them() -> None:
    code = (
        "import sys; from sdk_contract.cleaning import normal_email as e, normal_phone as p\n"
        "assert e('a@b.cn') and p('13800138000') and not e('x') and not p('x')\n"
        "print([m for m in ('phonenumbers', 'email_validator') if m in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
