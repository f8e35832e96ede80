"""What a maker of events can express in types arrives in full."""

import json
from typing import Any, get_args

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sdk_contract.canonical import Event, canonical
from sdk_contract.dialects.segment import SEGMENT
from sdk_contract.events import NEEDS, DoorEvent, inspect
from sdk_contract.shapes import AnyEvent, Batch, Track

SHAPES: dict[str, Any] = {shape.__struct_config__.tag: shape for shape in get_args(AnyEvent)}
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=10)
IDS = TEXT.filter(bool) | st.integers(-(2**63), 2**63 - 1)
OBJECTS = st.none() | st.dictionaries(
    TEXT, TEXT | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
)
FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "message_id": st.none() | IDS,
    "user_id": IDS,
    "anonymous_id": st.none() | IDS,
    "group_id": IDS,
    "previous_id": IDS,
    "event": TEXT.filter(bool),
    "name": st.none() | TEXT,
    "category": st.none() | TEXT,
    "timestamp": st.none() | st.integers(10**12, 10**13),
    "properties": OBJECTS,
    "traits": OBJECTS,
    "context": OBJECTS,
    "integrations": OBJECTS,
}
EVENTS = st.one_of(
    [
        st.builds(shape, **{field: FIELDS[field] for field in shape.__struct_fields__})
        for shape in SHAPES.values()
    ]
)


def test_there_is_a_shape_for_every_type() -> None:
    assert set(SHAPES) == set(NEEDS)


@pytest.mark.parametrize("of_type", list(NEEDS))
def test_a_shape_requires_what_the_door_requires(of_type: str) -> None:
    required = {field.name for field in msgspec.structs.fields(SHAPES[of_type]) if field.required}
    assert required == {"event" if field == "name" else field for field in NEEDS[of_type]}


def text_of(value: object) -> str | None:
    return None if value is None or value == "" else str(value)


def assert_same(sent: Any, row: Event) -> None:
    for field in ("message_id", "user_id", "anonymous_id", "group_id", "previous_id", "category"):
        assert getattr(row, field) == text_of(getattr(sent, field, None))
    for field in ("properties", "traits", "context", "integrations"):
        assert json.loads(getattr(row, field) or "null") == getattr(sent, field, None)
    assert row.type == sent.__struct_config__.tag
    assert row.event == (sent.event if isinstance(sent, Track) else text_of(getattr(sent, "name", None)))
    assert row.timestamp == (None if sent.timestamp is None else sent.timestamp * 1_000)
    assert row.extra is None


@given(st.lists(EVENTS, max_size=4), st.none() | TEXT.filter(bool), st.none() | st.integers(10**12, 10**13))
@settings(max_examples=100, deadline=None)
def test_a_batch_arrives_as_it_was_made(events: list[Any], key: str | None, sent_at: int | None) -> None:
    parsed = SEGMENT.parse("batch", msgspec.json.encode(Batch(batch=events, write_key=key, sent_at=sent_at)))
    assert (parsed.key, parsed.sent_at) == (key, text_of(sent_at))
    assert len(parsed.events) == len(events)
    for sent, raw in zip(events, parsed.events, strict=True):
        assert isinstance(inspect(raw, sound=parsed.sound), DoorEvent)
        assert_same(sent, canonical(raw))
        assert msgspec.json.decode(raw, type=AnyEvent) == sent
