"""Tags of customers, from the lake's events: the same however often, and in which parts, it is done."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa

from warehouse.imports.kinds import LIBRARY
from warehouse.insights.asked import Asked
from warehouse.insights.conditions import condition
from warehouse.insights.fields import Field
from warehouse.insights.filters import Filter, Selector
from warehouse.insights.question import Question
from warehouse.insights.values import Values
from warehouse.lake import Lake
from warehouse.registry.actions import OURS
from warehouse.statements import statement
from warehouse.tags.conditions import Holding
from warehouse.tags.evidence import evidence
from warehouse.tags.frame import SCALE, Frame, Said
from warehouse.tags.rules import Did, Tag, Versioned, attributes, parts, selectors
from warehouse.tags.spans import FOREVER, Longs, Spans

_EVER = ("1970-01-01", "2200-01-01")


def evaluate(lake: Lake, project: str, tags: Sequence[Versioned], *, everybody: bool = False) -> pa.Table:
    """Stays of the customers of the temp table `tag_customers` in these tags, of which there is one
    at least; call it in a transaction.

    `everybody`: they are so many that all events are read rather than those of some.
    """
    frame = read_frame(lake, project, [one.tag for one in tags], everybody=everybody)
    return pa.concat_tables([_stays(project, one, frame) for one in tags])


def read_frame(lake: Lake, project: str, tags: Sequence[Tag], *, everybody: bool = False) -> Frame:
    """What these tags look at, of the customers of the temp table `tag_customers`."""
    since, until = _EVER
    asked = Asked(lake, Question(project=project, since=since, until=until), 0)
    found = asked.arrow(statement("tags/customers", project=asked.values.bind(project)))
    customers = _column(found, "customer")
    events, hits, amounts = _events(asked, tags, everybody)
    return Frame(
        customers=customers,
        first_seen=_column(found, "first_seen"),
        who=np.searchsorted(customers, _column(events, "customer")),
        moment=_column(events, "moment"),
        message_id=events.column("message_id"),
        hits={one: np.asarray(events.column(name)) for one, name in hits.items()},
        amounts={field: _column(events, name) for field, name in amounts.items()},
        said={
            one: _said(lake, project, one, customers)
            for one in dict.fromkeys(one for tag in tags for one in attributes(tag.when))
        },
    )


_Names = dict[Any, str]


def _events(asked: Asked, tags: Sequence[Tag], everybody: bool) -> tuple[pa.Table, _Names, _Names]:
    """What they did, and in which column each selector and each amount stands."""
    wanted = dict.fromkeys(one for tag in tags for one in selectors(tag.when))
    hits = {one: f"s{number}" for number, one in enumerate(wanted)}
    sums = dict.fromkeys(
        one.sum for tag in tags for one in parts(tag.when) if isinstance(one, Did) and one.sum
    )
    amounts = {field: f"a{number}" for number, field in enumerate(sums)}
    tests = {name: _test(asked, one) for one, name in hits.items()}
    numbers = {
        name: f"coalesce(TRY_CAST(round({asked.field(field).number} * {SCALE}) AS BIGINT), 0)"
        for field, name in amounts.items()
    }
    among = [
        "p.customer_id IN (SELECT c.customer_id FROM tag_customers AS c JOIN customers USING (customer_id))"
    ]
    if not everybody:
        asked.lake.execute(statement("tags/subjects"))
        among.append("e.subject_key IN (SELECT subject_key FROM tag_subjects)")
    columns = {
        "customer_id": "p.customer_id",
        "load_seq": "e.load_seq",
        "message_id": "e.message_id",
        **tests,
        **numbers,
    }
    some = f"({' OR '.join(tests.values())})" if tests else "FALSE"
    happened = asked.happened(columns, [some, *among])
    return asked.arrow(statement("tags/events", happened=happened)), hits, amounts


def _test(asked: Asked, one: Selector) -> str:
    """SQL: whether the event is one of these. What an action told of itself is nothing the customer did, nor
    is what another system knows of them.
    """
    is_one = asked.is_one(one)
    if one.kind[1] is not None:
        return is_one
    return f"({is_one}) AND coalesce(e.library_name, '') NOT IN ('{OURS}', '{LIBRARY}')"


def _said(lake: Lake, project: str, one: Filter, customers: Longs) -> Said:
    values = Values()
    text = "(a.value ->> '$')"
    known = Field(one.field, "customer", text, f"TRY_CAST({text} AS DOUBLE)")
    sql = statement(
        "tags/said",
        passes=condition(one, known, values),
        project=values.bind(project),
        attribute=values.bind(one.field),
    )
    found = lake.execute(sql, values.named).to_arrow_table()
    nothing = Values()
    unset = condition(one, Field(one.field, "customer", "NULL::VARCHAR", "NULL::DOUBLE"), nothing)
    ((passes,),) = lake.query(f"SELECT {unset}", nothing.named or None)
    who = np.searchsorted(customers, _column(found, "customer"))
    return Said(who, _column(found, "since"), np.asarray(found.column("passes")), bool(passes))


def _stays(project: str, one: Versioned, frame: Frame) -> pa.Table:
    holding = Holding(frame, one.tag)
    spans = holding.spans(one.tag.when)
    return _table(project, one.tag.name, one.version, frame, spans, evidence(holding, one.tag.when, spans))


def _table(
    project: str, tag: str, version: int, frame: Frame, spans: Spans, evidence: list[list[str]]
) -> pa.Table:
    size, moment = len(spans.who), pa.timestamp("us", tz="UTC")
    ends = pa.array(spans.end, mask=spans.end >= FOREVER).cast(moment)
    return pa.table(
        {
            "project": pa.array([project] * size, pa.string()),
            "tag": pa.array([tag] * size, pa.string()),
            "customer_id": pa.array(
                [f"c_{key:016x}" for key in frame.customers[spans.who].tolist()], pa.string()
            ),
            "version": pa.array(np.full(size, version), pa.int64()),
            "entered_at": pa.array(spans.start).cast(moment),
            "left_at": ends,
            "evidence": pa.array([msgspec.json.encode(one).decode() for one in evidence], pa.string()),
        }
    )


def _column(table: pa.Table, name: str) -> Longs:
    return np.asarray(table.column(name), np.int64)
