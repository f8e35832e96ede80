"""Corrected times: what is certain moves an event, nothing else does."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from warehouse.enrich.clock import DAY, FIRST_DAY, MINUTE, corrected

NOW = 1_795_298_592_000_000


@pytest.mark.parametrize(
    ("original", "sent_at", "expected"),
    [
        (None, None, NOW),
        (None, NOW + DAY, NOW),
        (NOW - 5, None, NOW - 5),
        (NOW - 30 * DAY, NOW - 10 * DAY, NOW - 30 * DAY),  # offline for long, or a clock behind: not certain
        (NOW + MINUTE, NOW + MINUTE, NOW + MINUTE),  # within a minute: no more than two clocks differ
        (NOW + 10 * MINUTE, NOW + 11 * MINUTE, NOW - MINUTE),
        (NOW + 400 * DAY, NOW + 400 * DAY, NOW),
        (NOW + DAY, None, NOW + DAY),
        (NOW + DAY + 1, None, NOW),
        (FIRST_DAY + 5, NOW + 400 * DAY, FIRST_DAY),
    ],
)
def test_times_are_corrected(original: int | None, sent_at: int | None, expected: int) -> None:
    assert corrected(original, sent_at, NOW) == expected


@settings(max_examples=100, deadline=None)
@given(st.integers(-(10**15), 10**15), st.integers(0, 30 * DAY), st.integers(1, 10 * 365 * DAY))
def test_a_clock_ahead_by_any_amount_is_set_right(age: int, transit: int, ahead: int) -> None:
    """With a stable transit the corrected time is true but for the transit."""
    sent = NOW - transit
    happened = sent - abs(age)
    shift = corrected(happened + ahead, sent + ahead, NOW) - happened
    assert shift in (transit, ahead)
    assert shift == transit or sent + ahead <= NOW + MINUTE
