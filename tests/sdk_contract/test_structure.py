import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sdk_contract.structure import MAX_PARTS, Broken, depth_of, elements, is_too_deep, members

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)
CHECK = settings(max_examples=100, deadline=None)


def written(value: object, indent: int | None) -> bytes:
    return json.dumps(value, indent=indent, ensure_ascii=indent is None).encode()


@given(st.dictionaries(st.text(max_size=5), VALUES, max_size=4), st.sampled_from([None, 0, 2]))
@CHECK
def test_an_object_falls_into_its_members(value: dict[str, object], indent: int | None) -> None:
    found = {json.loads(key): json.loads(text) for key, text in members(written(value, indent)).items()}
    assert found == value


@given(st.lists(VALUES, max_size=5), st.sampled_from([None, 0, 2]))
@CHECK
def test_a_list_falls_into_its_elements(value: list[object], indent: int | None) -> None:
    assert [json.loads(text) for text in elements(written(value, indent))] == value


@given(VALUES)
@CHECK
def test_depth_is_that_of_the_value(value: object) -> None:
    def depth(part: object) -> int:
        inner = part.values() if isinstance(part, dict) else part if isinstance(part, list) else ()
        return 1 + max(map(depth, inner), default=0) if isinstance(part, dict | list) else 0

    assert depth_of(written(value, None)) == depth(value)


@given(st.binary(max_size=60) | st.text('{}[]",:\\ a1', max_size=40).map(str.encode))
@CHECK
def test_any_bytes_split_or_are_broken(text: bytes) -> None:
    for split in (members, elements):
        try:
            parts = split(b"[" + text + b"]" if split is elements else b"{" + text + b"}")
        except Broken:
            continue
        assert all(part.strip() for part in parts)


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"1",
        b"[1",
        b"[1,]",
        b"[,1]",
        b"[1]]",
        b'["a]',
        b'[{"a}]',
        b'[[1,"]]"',
        b'["a","]"',
        b"[{]",
        b"[1}",
        b'[{"a":[}]',
        b"]",
        b"[1] x",
    ],
)
def test_a_broken_list_is_refused(text: bytes) -> None:
    with pytest.raises(Broken):
        elements(text)


@pytest.mark.parametrize(
    "text", [b"", b"{", b'{"a"}', b'{"a":}', b'{"a":1,}', b"{a:1}", b'{"a":1]', b'{"a":1}}', b'{"a":"\\"}']
)
def test_a_broken_object_is_refused(text: bytes) -> None:
    with pytest.raises(Broken):
        members(text)


def test_what_no_decoder_takes_is_still_split() -> None:
    bad = [b'{"a":NaN}', b'{"b":"\\ud800"}', b'{"c":"\xff"}', b'{"d":"\x00"}', b"01 2", b'{"e":"\\x"}', b"{}"]
    assert elements(b"[" + b" , ".join(bad) + b"]") == bad


def test_the_last_of_equal_keys_wins() -> None:
    assert members(b'{"a":1,"a":2}') == {b'"a"': b"2"}


@pytest.mark.parametrize(("depth", "too_deep"), [(100, False), (101, True), (10_000, True)])
def test_the_limit_of_depth(depth: int, too_deep: bool) -> None:
    assert is_too_deep(b"[" * depth + b"]" * depth) is too_deep
    assert is_too_deep(b'{"a":[' * (depth // 2) + b"[" * (depth % 2)) is too_deep


def test_many_brackets_side_by_side_or_in_text_are_not_deep() -> None:
    assert depth_of(b'"{["') == 0
    assert not is_too_deep(b"[" + b"[{}]," * 500 + b"1]")
    assert not is_too_deep(b'{"a":"' + b"[" * 500 + b'"}')


@pytest.mark.parametrize("part", [b"1", b"[]", b"{}"])
def test_more_parts_than_any_sdk_sends_are_not_split(part: bytes) -> None:
    assert len(elements(b"[" + b",".join([part] * MAX_PARTS) + b"]")) == MAX_PARTS
    with pytest.raises(Broken):
        elements(b"[" + b",".join([part] * (MAX_PARTS + 1)) + b"]")
    with pytest.raises(Broken):
        members(b"{" + b",".join([b'"a":' + part] * (MAX_PARTS + 1)) + b"}")


def test_more_brackets_than_any_sdk_sends_are_not_split() -> None:
    assert len(elements(b"[" + b"[" * 999_999 + b"]" * 999_999 + b"]")) == 1
    with pytest.raises(Broken):
        elements(b"[[" + b"{}" * 999_999 + b"]]")
