"""The statement of a trend over the roll-up: in which intervals an owner was is one bit each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from warehouse.insights.asked import Asked
from warehouse.insights.clock import SECONDS, Clock
from warehouse.insights.filters import Selector
from warehouse.insights.formula import LETTERS, formula
from warehouse.insights.rolled import HOUR_US, hours, key, owner, star, within
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


class Rolled:
    """The statement: `sql`, with columns as those of the statement `insights/trend`.

    `which`: SQL of each series' rows `e` of the roll-up, and `having` of all of them; `key`: SQL of the id
    whose they are; `reach`: the hours that are read; `before`: intervals that a point looks back over;
    `counts_units`: whether it matters in which intervals somebody was; of these there are at most `count`.
    """

    def __init__(self, asked: Asked, question: Trend, selectors: Sequence[Selector]) -> None:
        self.asked, self.before = asked, question.rolling - 1
        self.which = [star(asked, one) for one in selectors]
        self.counts_units, self.count = question.measure != "events", intervals(asked, question)
        self.reach = hours(asked.period, self.before * SECONDS[question.every] * 1_000_000)
        self.having = f"{within(asked, self.reach)}\n        AND ({' OR '.join(self.which)})"
        self.key, (self._owner, self._customers) = key(asked), owner(asked)
        self._columns = _Columns(question, self.which, self.count)
        self._clock, self._formula = Clock(asked, question.every), question.formula

    @property
    def sql(self) -> str:
        """All of it by DuckDB."""
        bind = self.asked.values.bind
        return self._whole(
            statement(
                "insights/rolled_shares",
                first_hour=bind(self.reach.start),
                end_hour=bind(self.reach.stop),
                owner=self._owner,
                customers=self._customers,
                having=self.having,
                **self._columns.shares(bind(self.reach.start)),
            )
        )

    def of(self, n: int, units: Sequence[int], each: Sequence[Sequence[int]]) -> str:
        """The rest of it, where it is known how many there were: in any series, in each, in its intervals."""
        columns = [f"{n} AS n", *(f"{a} AS a{at}" for at, a in enumerate(units))]
        columns += [f"{list(u)}::BIGINT[] AS u{at}" for at, u in enumerate(each)]
        return self._whole(f"shares AS (\n    SELECT {', '.join(columns)}\n)")

    def rows(self, enough: int) -> int:
        """How many rows are read; with `enough` of them no more are counted."""
        read = f"SELECT count(*) FROM (SELECT 1 FROM daily AS e WHERE {self.having} LIMIT {enough})"
        return int(self.asked.rows(read)[0][0])

    @property
    def intervals(self) -> str:
        """The beginning of it: `intervals` and `hours`."""
        asked, clock = self.asked, self._clock
        bind = asked.values.bind
        return statement(
            "insights/rolled_intervals",
            zone=clock.zone,
            every=clock.every,
            begin=clock.begin,
            end=clock.end,
            local=clock.of(f"make_timestamptz(hour * {HOUR_US})"),
            before=self.before,
            since=bind(asked.period.since),
            until=bind(asked.period.until),
            first_hour=bind(self.reach.start),
            end_hour=bind(self.reach.stop),
        )

    def _whole(self, shares: str) -> str:
        names = self._columns.names
        return statement(
            "insights/trend_rolled",
            intervals=self.intervals,
            shares=shares,
            before=self.before,
            **self._columns.points(self.having),
            formula=formula(self._formula, dict(zip(LETTERS, names, strict=False)))
            if self._formula
            else "NULL",
        )


class _Columns:
    """The lists of columns, by series and by interval; `which`: SQL of each series' rows.

    `before`: intervals that a point looks back over.
    """

    def __init__(self, question: Trend, which: Sequence[str], count: int) -> None:
        self.before = question.rolling - 1
        self._measure, self._series = question.measure, range(len(which))
        self._which = which
        self._count = count
        self._words = range(-(-self._count // _WORD) if question.measure != "events" else 0)
        self.names = [f"v{number}" for number in self._series]

    def shares(self, first_hour: str) -> dict[str, str]:
        """Those of `rolled_shares`, by the names that the statement has for them."""
        return {
            "words": "".join(map(_word, self._words)),
            "lists": "".join(f", list(w{word} ORDER BY hour) AS w{word}" for word in self._words),
            "listed": "".join(
                f", lists.w{word}[e.hour - {first_hour} + 1] AS w{word}" for word in self._words
            ),
            "bits": ", ".join(bits for number in self._series for bits in self._bits(number)),
            "any": " OR ".join(f"in{number}" for number in self._series),
            "all_units": "".join(f", count(*) FILTER (in{number}) AS a{number}" for number in self._series),
            "units": "".join(f", [{self._units(number)}] AS u{number}" for number in self._series),
        }

    def points(self, having: str) -> dict[str, str | int]:
        """Those of `trend_rolled`."""
        counting = self._measure != "units"
        counted = self._series if counting else range(0)
        return {
            "count": self._count,
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
