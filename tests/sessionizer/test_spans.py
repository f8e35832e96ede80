"""Spans of time: few, apart from one another, and nothing left out."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessionizer.spans import DAY, Span, day_of, merged, widened

MOMENTS = st.integers(-(10**17), 10**17)
SPANS = st.lists(st.tuples(MOMENTS, st.integers(0, 10**15)).map(lambda pair: Span(pair[0], sum(pair))))


@given(SPANS, st.integers(1, 9), st.integers(0, 10**13))
def test_merged_spans_cover_all_of_them(spans: list[Span], limit: int, apart: int) -> None:
    found = merged(spans, limit, apart)
    assert len(found) <= limit
    assert all(any(one.lo <= span.lo and span.hi <= one.hi for one in found) for span in spans)
    assert all(one.hi + apart < next_.lo for one, next_ in pairwise(found))


@pytest.mark.parametrize(
    ("spans", "limit", "expected"),
    [
        ([], 8, []),
        ([Span(5, 9), Span(0, 1)], 8, [Span(0, 1), Span(5, 9)]),
        ([Span(0, 9), Span(3, 4)], 8, [Span(0, 9)]),
        ([Span(0, 1), Span(10, 11), Span(13, 14)], 2, [Span(0, 1), Span(10, 14)]),
    ],
)
def test_merged_by_example(spans: list[Span], limit: int, expected: list[Span]) -> None:
    assert merged(spans, limit, apart=0) == expected


def test_widened_to_the_end_of_the_last_day() -> None:
    assert widened([Span(DAY + 5, DAY + 7)], 6) == [Span(DAY - 1, 2 * DAY - 1)]
    assert widened([Span(-3, 2 * DAY - 1)], 1) == [Span(-4, 3 * DAY - 1)]


def test_days_of_a_span() -> None:
    span = Span(-1, DAY)
    assert (span.first_day, span.last_day, day_of(0)) == ("1969-12-31", "1970-01-02", "1970-01-01")
