"""One question over one snapshot: its statement is put together here, and run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeVar

import duckdb
import msgspec
import pyarrow as pa

from warehouse.insights.conditions import all_of, condition
from warehouse.insights.errors import BadQuestion, unknown
from warehouse.insights.fields import Field, alias, field
from warehouse.insights.filters import Filter, Selector
from warehouse.insights.memberships import membership
from warehouse.insights.names import projects
from warehouse.insights.owners import OWNER, owners
from warehouse.insights.period import Period, period
from warehouse.insights.question import Question, Told
from warehouse.insights.values import Values, written
from warehouse.insights.wording import filters, selector
from warehouse.lake import Lake
from warehouse.times import iso, iso_time

Q = TypeVar("Q", bound=Question)
_STITCHED: Final = "SELECT load_seq, complete_until FROM cursors WHERE name = 'stitch'"
_LOADED: Final = "SELECT load_seq FROM cursors WHERE name = 'load'"
NUMBERED: Final = ("customer", "device")  # units that are found without a join, as numbers
MANY: Final = 1_000_000  # from so many events on it pays to walk through them in columns
_MOST_NAMES: Final = 5000
_BATCH: Final = 1 << 19
# DuckDB's threads rest when so much is read ahead: by default 1 MB, of which a batch is several.
_AHEAD: Final = "16MB"
_NAMES: Final = f"""
    SELECT DISTINCT CASE type WHEN 'track' THEN event ELSE type || ':' || coalesce(event, '*') END
    FROM {{table}} WHERE project = ? AND event IS NOT NULL ORDER BY ALL LIMIT {_MOST_NAMES}"""


class Asked:
    """Collects what the statement needs; `values` are its parameters.

    `seq` is the order of load up to which sessions and customers are made, and with them this answer.
    """

    def __init__(self, lake: Lake, question: Question, now: int) -> None:
        self.lake, self.question = lake, question
        self.values = Values()
        self.period: Period = period(question.since, question.until, question.timezone, now)
        self.snapshot = lake.snapshot()
        self.seq, self.complete_until = (lake.query(_STITCHED) or [(-1, None)])[0]
        self.project = _project(lake, question.project)
        self.where = [found for one in question.where for found in self._filters(one)]
        self._fields: dict[str, Field] = {}
        self._groups: dict[str, str] = {}

    def selector(self, one: Selector | str) -> Selector:
        """A selector that may have been written as text; an event that never came is an UnknownName when
        `known` is called.
        """
        return selector(one) if isinstance(one, str) else one

    def field(self, name: str) -> Field:
        """A field, remembered, so that what it is of gets joined."""
        found = self._fields.setdefault(name, field(name))
        if found.group is not None:
            column = alias(" ".join(found.group))
            members = membership(self.lake, self.project, *found.group, self.values.bind)
            self._groups.setdefault(column, members)
        return found

    def is_one(self, of: Selector) -> str:
        """SQL: whether the event `e` is one of these."""
        type, name = of.kind
        parts = [f"e.type = {self.values.bind(type)}"] if type else []
        parts += [f"e.event = {self.values.bind(name)}"] if name is not None else []
        return all_of([*parts, *(self.holds(one) for one in of.where)])

    def holds(self, one: Filter) -> str:
        """SQL: whether a filter lets the event `e` pass."""
        return condition(one, self.field(one.field), self.values)

    @property
    def zone(self) -> str:
        return self.values.bind(self.question.timezone)

    def happened(
        self,
        columns: Mapping[str, str],
        having: Sequence[str] = (),
        *,
        earlier: int = 0,
        later: int = 0,
        owned: bool = True,
        stitched: bool = False,
        joins: str = "",
    ) -> str:
        """SELECT of the events in question: `owner` (whose they are), `moment` (µs UTC), and these columns.

        Call it when all fields are named. In `columns` and `having` the event is `e`, its session `v`, its
        customer `p`. `earlier` and `later`: so many µs beyond the period are read as well. Not `owned`: where
        it does not matter whose they are, which is found with less work. `stitched`: all events are, so that
        none has to be left out. `joins`: what else is joined to `e`.
        """
        reach = Period(self.period.since - earlier, self.period.until + later, self.period.timezone)
        bind, unit = self.values.bind, self.question.unit if owned else "device"
        conditions = [
            *self._within(reach),
            *([] if stitched else [f"e.load_seq <= {bind(self.seq)}"]),
            *(["e.is_bot IS NOT TRUE"] if not self.question.bots else []),
            *(self.holds(one) for one in self.where),
            *having,
            *([OWNER[unit][1]] if OWNER[unit][1] else []),
        ]
        sources = {one.source for one in self._fields.values()}
        tables, found = owners(
            bind(self.project),
            reach,
            bind(self.seq),
            session=unit == "session" or "session" in sources,
            customer=unit == "customer" or "customer" in sources,
            fields=[one for one in self._fields.values() if one.source == "customer"],
            groups=self._groups,
            bind=bind,
        )
        shown = {"owner": OWNER[unit][0], "moment": "epoch_us(e.timestamp)", **columns}
        listed = ",\n    ".join(f"{sql} AS {name}" for name, sql in shown.items())
        tests = "\n    AND ".join(one for one in conditions if one != "TRUE")
        return f"{tables}SELECT\n    {listed}\nFROM events AS e\n{found}{joins}WHERE {tests}"

    def _within(self, asked: Period) -> list[str]:
        bind = self.values.bind
        return [
            f"e.project = {bind(self.project)}",
            f"e.event_day BETWEEN DATE '{_day(asked.since)}' AND DATE '{_day(asked.until - 1)}'",
            f"e.timestamp >= make_timestamptz({bind(asked.since)})",
            f"e.timestamp < make_timestamptz({bind(asked.until)})",
        ]

    def pool(self) -> ThreadPoolExecutor:
        """As many threads as the lake has, for arithmetic over columns."""
        ((threads,),) = self.lake.query("SELECT current_setting('threads')")
        return ThreadPoolExecutor(threads)

    @property
    def all_stitched(self) -> bool:
        """Whether sessions and customers are made of all that is loaded."""
        return bool([seq for (seq,) in self.lake.query(_LOADED) if seq <= self.seq])

    @property
    def looks_at_customers(self) -> bool:
        """Whether an attribute, a tag or a cohort was named."""
        return any(one.source == "customer" for one in self._fields.values())

    @property
    def held(self) -> int:
        """How many events the lake holds, which it knows without a look."""
        return int(self.lake.query("SELECT count(*) FROM events")[0][0])

    def days(self, enough: int = 1 << 62) -> int:
        """How many events lie on the days of the period; with `enough` of them no more are counted."""
        since, until = _day(self.period.since), _day(self.period.until - 1)
        on = f"SELECT 1 FROM events WHERE event_day BETWEEN DATE '{since}' AND DATE '{until}' LIMIT {enough}"
        return int(self.lake.query(f"SELECT count(*) FROM ({on})")[0][0])

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """All rows of the statement."""
        return self._run(sql).fetchall()

    def arrow(self, sql: str) -> pa.Table:
        """All rows of the statement as columns, for arithmetic over many."""
        return self._run(sql).to_arrow_table()

    def columns(self, sql: str) -> pa.Table:
        """The same, read by several threads at once, which needs the values as literals."""
        with self._understood():
            return self.lake.con.sql(written(sql, self.values.named)).to_arrow_table()

    def batches(self, sql: str) -> Iterator[pa.RecordBatch]:
        """The same part by part, while more is read; nothing else can be asked until the last."""
        with self._understood():
            self.lake.con.execute(f"SET SESSION streaming_buffer_size = '{_AHEAD}'")
            yield from self.lake.con.sql(written(sql, self.values.named)).to_arrow_reader(_BATCH)

    def _run(self, sql: str) -> duckdb.DuckDBPyConnection:
        with self._understood():
            return self.lake.execute(sql, self.values.of(sql))

    @contextmanager
    def _understood(self) -> Iterator[None]:
        try:
            yield
        except (
            duckdb.ConversionException,
            duckdb.OutOfRangeException,
            duckdb.InvalidInputException,
        ) as error:
            raise BadQuestion(f"the question cannot be answered: {str(error).splitlines()[0]}") from error

    def known(self, selectors: Iterable[Selector]) -> None:
        """UnknownName where an event of these has never come; asked when an answer has nothing of one."""
        wanted = {_named(one): one.event for one in selectors if one.kind[1] is not None}
        names: set[str] = set()
        for table in ("daily", "events"):  # the roll-up is small; robots' events and the newest are not in it
            names = {name for (name,) in self.lake.query(_NAMES.format(table=table), [self.project])}
            if len(names) == _MOST_NAMES or wanted.keys() <= names:
                return  # where the list is cut, what is not in it may have come all the same
        raise unknown("event", next(wanted[name] for name in wanted if name not in names), names)

    def told(self, sql: str, n: int, n_mature: int) -> Told:
        """What every answer tells, as its fields."""
        return {
            "project": self.project,
            "since": iso(self.period.since),
            "until": iso(self.period.until),
            "timezone": self.question.timezone,
            "unit": self.question.unit,
            "snapshot": self.snapshot,
            "complete_until": iso_time(self.complete_until) if self.complete_until else None,
            "n": n,
            "n_mature": n_mature,
            "sql": written(sql, self.values.named),
        }

    @property
    def complete_us(self) -> int:
        """`complete_until`, µs UTC; 0 where nothing is."""
        if self.complete_until is None:
            return 0
        return int((self.complete_until - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(microseconds=1))

    def _filters(self, one: Filter | str) -> tuple[Filter, ...]:
        return filters(one) if isinstance(one, str) else (one,)


@contextmanager
def asking(lake: Lake, question: Question, now: int) -> Iterator[Asked]:
    """Inside, everything is read from one snapshot."""
    with lake.transaction():
        yield Asked(lake, question, now)


def absolute(question: Q, now: int) -> Q:
    """The question with its times fixed, such as can be asked again."""
    found = period(question.since, question.until, question.timezone, now)
    return msgspec.structs.replace(question, since=iso(found.since), until=iso(found.until))


def _project(lake: Lake, given: str | None) -> str:
    names = projects(lake)
    if given is None and len(names) == 1:
        return str(names[0])
    if given is None:
        some = " or ".join(map(repr, names[:5]))
        raise BadQuestion(f"name a project: {some}" if names else "there are no customers yet to ask about")
    if given not in names:
        raise unknown("project", given, names)
    return given


def _day(moment: int) -> str:
    return iso(moment)[:10]


def _named(one: Selector) -> str:
    type, name = one.kind
    return str(name) if type == "track" else f"{type}:{name}"
