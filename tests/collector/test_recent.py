"""The hint that an event came before: certain while it remembers, bounded, and apart for each key."""

from hypothesis import given
from hypothesis import strategies as st

from collector.recent import Recent


def test_what_was_taken_is_known_under_its_key_only() -> None:
    recent = Recent()
    assert recent.take(1, ["a", "b"], 10) == []
    assert recent.take(1, ["c", "a"], 10) == [1]
    assert recent.take(2, ["a"], 10) == []
    assert recent.known(1, ["c", "x", "x"]) == [0, 2]
    assert recent.known(1, ["x"]) == []


def test_the_second_of_two_in_one_batch_is_a_repeat() -> None:
    assert Recent().take(1, ["a", "b", "a", "a"], 10) == [2, 3]


@given(st.lists(st.lists(st.integers(0, 40).map(str), max_size=6), max_size=40))
def test_the_last_ids_are_always_known_and_an_unknown_one_never_is(batches: list[list[str]]) -> None:
    recent, taken = Recent(ids=8), list[str]()
    for batch in batches:
        found = recent.take(1, batch, 1)
        for index, one in enumerate(batch):
            before = [*taken, *batch[:index]]
            assert index not in found or one in before
            assert index in found or one not in [*taken[-8:], *batch[:index]]
        taken += batch


def test_memory_is_bounded_by_count_and_by_bytes() -> None:
    for recent in (Recent(ids=100), Recent(room=1_000)):
        for number in range(10_000):
            recent.take(number % 3, [str(number)], 10)
        held = [ids for generation in (recent._newer, recent._older) for ids in generation.values()]
        assert sum(map(len, held)) <= 200
