import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sdk_contract.keys import identity_key


@pytest.mark.parametrize(
    ("kind", "value", "key"),
    [
        ("user_id", "demo-linxia", 6417542938775365228),
        ("anonymous_id", "demo-linxia", 663414925738230407),
        ("user_id", "林夏", 6907650884167402179),
    ],
)
def test_keys_do_not_change_between_versions(kind: str, value: str, key: int) -> None:
    assert identity_key("shop", kind, value) == key


@given(st.text(), st.text())
@settings(max_examples=50, deadline=None)
def test_a_key_fits_a_bigint(project: str, value: str) -> None:
    assert 0 <= identity_key(project.encode("utf-8", "replace").decode(), "user_id", value) < 2**63


def test_kind_and_value_are_kept_apart() -> None:
    assert identity_key("p", "user_id", "x") != identity_key("p", "anonymous_id", "x")
    assert identity_key("p", "user_id", "x") != identity_key("q", "user_id", "x")
