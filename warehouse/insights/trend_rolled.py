"""The statement of a trend over the roll-up: in which intervals an owner was is one bit each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from warehouse.insights.asked import Asked
from warehouse.insights.clock import SECONDS, Clock
from warehouse.insights.filters import Selector
from warehouse.insights.formula import LETTERS, formula
from warehouse.insights.rolled import HOUR_US, hours, owner, star, within
from warehouse.statements import statement

if TYPE_CHECKING:
    from warehouse.insights.trend import Trend

MOST_COUNTS: Final = 400
_NOTHING: Final = "hours WHERE FALSE"
_WORD: Final = 60  # bits of a BIGINT, well within its sign
_SHORTEST_S: Final = {"hour": 3_600, "day": 86_400, "week": 604_800, "month": 28 * 86_400, "whole": 1 << 40}


def is_narrow(asked: Asked, question: Trend) -> bool:
    """Whether the intervals are few enough to be bits, and there is no breakdown."""
    return not question.by and intervals(asked, question) * len(question.events) <= MOST_COUNTS


def intervals(asked: Asked, question: Trend) -> int:
    """At least as many intervals as there are, also those that a point looks back over."""
    length = asked.period.until - asked.period.since
    return length // (_SHORTEST_S[question.every] * 1_000_000) + question.rolling + 2


def trend_sql(asked: Asked, question: Trend, selectors: Sequence[Selector]) -> str:
    """Columns as those of the statement `insights/trend`."""
    which = [star(asked, one) for one in selectors]
    clock, columns = Clock(asked, question.every), _Columns(asked, question, which)
    reach = hours(asked.period, columns.before * SECONDS[question.every] * 1_000_000)
    bind, (whose, customers) = asked.values.bind, owner(asked)
    having = f"{within(asked, reach)}\n        AND ({' OR '.join(which)})"
    return statement(
        "insights/trend_rolled",
        zone=clock.zone,
        every=clock.every,
        begin=clock.begin,
        end=clock.end,
        local=clock.of(f"make_timestamptz(hour * {HOUR_US})"),
        before=columns.before,
        since=bind(asked.period.since),
        until=bind(asked.period.until),
        first_hour=bind(reach.start),
        end_hour=bind(reach.stop),
        having=having,
        owner=whose,
        customers=customers,
        **columns.parts(having, bind(reach.start)),
        formula=formula(question.formula, dict(zip(LETTERS, columns.names, strict=False)))
        if question.formula
        else "NULL",
    )


class _Columns:
    """The lists of columns, by series and by interval; `which`: SQL of each series' rows.

    `before`: intervals that a point looks back over.
    """

    def __init__(self, asked: Asked, question: Trend, which: Sequence[str]) -> None:
        self.before = question.rolling - 1
        self._measure, self._series = question.measure, range(len(which))
        self._which = which
        self._count = intervals(asked, question)
        self._words = range(-(-self._count // _WORD) if question.measure != "events" else 0)
        self.names = [f"v{number}" for number in self._series]

    def parts(self, having: str, first_hour: str) -> dict[str, str | int]:
        """All of them, by the names that the statement has for them."""
        counting = self._measure != "units"
        counted = self._series if counting else range(0)
        return {
            "count": self._count,
            "words": "".join(map(_word, self._words)),
            "lists": "".join(f", list(w{word} ORDER BY hour) AS w{word}" for word in self._words),
            "listed": "".join(
                f", lists.w{word}[e.hour - {first_hour} + 1] AS w{word}" for word in self._words
            ),
            "bits": ", ".join(bits for number in self._series for bits in self._bits(number)),
            "any": " OR ".join(f"in{number}" for number in self._series),
            "all_units": "".join(f", count(*) FILTER (in{number}) AS a{number}" for number in self._series),
            "units": "".join(f", [{self._units(number)}] AS u{number}" for number in self._series),
            "each_units": "".join(f", unnest(u{number}) AS u{number}" for number in self._series),
            "counted": statement("insights/rolled_hours", counts=self._by_hour(), having=having)
            if counting
            else _NOTHING,
            "counts": "".join(map(_counts, counted)),
            "all_counts": "".join(f", sum(t{number}) AS t{number}" for number in counted),
            "measured": ", ".join(
                f"{self._measured(f'sum(c{number}) OVER back', f'u{number}')} AS v{number}"
                for number in self._series
            ),
            "whole": ", ".join(
                f"{self._measured(f't{number}', f'a{number}')} AS v{number}" for number in self._series
            ),
            "values": ", ".join(self.names),
        }

    def _bits(self, number: int) -> Iterator[str]:
        # An aggregate that is filtered costs twice what it does of a CASE.
        words = [f"bit_or({self._of(number, f'w{word}', '0')})" for word in self._words]
        yield f"{self._inside(number, words)} AS in{number}"
        yield from (f"{sql} AS u{number}_{word}" for word, sql in enumerate(words))

    def _inside(self, number: int, words: Sequence[str]) -> str:
        """Whether an owner is in the range: who is found at all, if nothing looks back."""
        if self.before or not (words or len(self._series) == 1):
            return f"bool_or({self._of(number, 'inside', 'FALSE')})"
        return "TRUE" if len(self._series) == 1 else f"({' | '.join(words)}) <> 0"

    def _of(self, number: int, sql: str, otherwise: str) -> str:
        one = self._which[number]
        return f"CASE WHEN {one} THEN {sql} ELSE {otherwise} END" if len(self._series) > 1 else sql

    def _by_hour(self) -> str:
        return "".join(f", sum({self._of(one, 'e.events', '0')}) AS c{one}" for one in self._series)

    def _units(self, number: int) -> str:
        """How many owners there were in each interval, or in those that a point looks back over."""
        return ", ".join(self._in_interval(number, last) for last in range(self._count))

    def _in_interval(self, number: int, last: int) -> str:
        tests = []
        for word in self._words:
            first = max(last - self.before, word * _WORD, 0)
            mask = sum(1 << at % _WORD for at in range(first, last + 1) if at // _WORD == word)
            tests += [f"u{number}_{word} & {mask} <> 0"] if mask else []
        # A third of what count(*) FILTER costs.
        return f"coalesce(sum(({' OR '.join(tests)})::INTEGER), 0)::BIGINT" if tests else "0"

    def _measured(self, events: str, units: str) -> str:
        if self._measure == "units":
            return units
        return (
            f"coalesce({events}, 0)::BIGINT"
            if self._measure == "events"
            else f"{events} / nullif({units}, 0)"
        )


def _counts(number: int) -> str:
    return f", sum(c{number}) AS c{number}, sum(if(inside, c{number}, 0)) AS t{number}"


def _word(number: int) -> str:
    bit = f"1::BIGINT << (number % {_WORD})::INTEGER"
    return f", if(number // {_WORD} = {number}, {bit}, 0) AS w{number}"
