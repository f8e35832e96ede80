"""Drafting: kinds of events counted, samples looked at, schemas tried on the very events they come from."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from functools import cache
from importlib.resources import files
from itertools import groupby
from typing import Any

import duckdb
import msgspec
from msgspec import Struct

from sdk_contract.codegen.names import Names, snake, words
from sdk_contract.plan import CompiledPlan, compile, read_plan
from warehouse.errors import PlanRefused
from warehouse.infer.schemas import LOOSE, Rules, schema_of
from warehouse.infer.seen import Seen
from warehouse.infer.written import comment, mapping, quoted
from warehouse.lake import Lake

SAMPLE = 5000
MOST_KINDS = 500
LEAST_EVENTS = 5
ACCEPTED = 0.995
VERSION = "0.1.0"
_FETCH = 1000


class Drafted(Struct, frozen=True):
    """One event of a draft: how many there were, in how many a sample was looked at, and the share of the
    sample that the draft accepts.
    """

    type: str
    event: str | None
    events: int
    sampled: int
    accepted: float


class Draft(Struct, frozen=True):
    """The files of a plan's folder by relative path, and what is in them."""

    files: dict[str, str]
    events: list[Drafted]
    left_out: int


class Counted(Struct, frozen=True):
    """How often a kind of event came, from which day to which."""

    type: str
    event: str | None
    events: int
    first: date
    last: date

    @property
    def title(self) -> str:
        return self.type if self.event is None else self.event.strip() or "without a name"


def infer(lake: Lake, project: str, until: datetime, days: int, least: float) -> Draft:
    """A plan for `project` from the events of the last `days` days before `until`.

    Properties and types rarer than `least` (a share) are left out. PlanRefused where there are no events.
    """
    asked = {"first": until.date() - timedelta(days), "last": until.date(), "project": project}
    with lake.transaction():
        counted = [Counted(*row) for row in _ask(lake, "kinds", asked).fetchall()]
        if not counted:
            raise PlanRefused(
                f"project {project!r} has no events in these {days} days; give a longer --since"
            )
        wanted = {(one.type, one.event): one for one in counted if _is_wanted(one)}
        kept = dict(list(wanted.items())[:MOST_KINDS])
        drafts = list(_drafts(lake, kept, asked, Rules(least=least)))
    files = {"plan.yaml": _head(project, days, counted, set(kept))}
    names = Names()
    for drafted, text in sorted(drafts, key=lambda one: (one[0].type, one[0].event or "")):
        name = snake(words(drafted.event or drafted.type)).strip("_")[:60]
        files[f"events/{names.free(name)}.yaml"] = text
    return Draft(files, [drafted for drafted, _ in drafts], len(counted) - len(drafts))


def _is_wanted(one: Counted) -> bool:
    return one.events >= LEAST_EVENTS and (one.type != "track" or bool(one.event and one.event.strip()))


def _drafts(
    lake: Lake, kept: dict[tuple[str, str | None], Counted], asked: dict[str, Any], rules: Rules
) -> Iterator[tuple[Drafted, str]]:
    """Kind by kind, so that only one sample is in memory."""
    rows = _rows(_ask(lake, "sample", {**asked, "sample": SAMPLE, "most": MOST_KINDS}))
    for kind, group in groupby(rows, lambda row: row[:2]):
        if kind in kept:
            yield _draft(kept[kind], [row[2] or "{}" for row in group], rules)


def _draft(of: Counted, texts: list[str], rules: Rules) -> tuple[Drafted, str]:
    """The first of two drafts that accepts what it comes from; the loose one takes everything seen."""
    seen = Seen()
    for text in texts:
        seen.add(msgspec.json.decode(text))
    text, accepted = "", 0.0
    for chosen in (rules, LOOSE):
        text = _event(of, seen, chosen)
        accepted = _accepted(text, of, texts)
        if accepted >= ACCEPTED:
            break
    return Drafted(of.type, of.event, of.events, len(texts), round(accepted, 4)), text


def _accepted(text: str, of: Counted, texts: list[str]) -> float:
    plan = _compiled(text)
    good = sum(plan.check(of.type, of.event, text.encode()) is None for text in texts)
    return good / len(texts)


def _compiled(text: str) -> CompiledPlan:
    return compile(read_plan({"plan.yaml": f"version: {VERSION}\n", "events/event.yaml": text}))


def _event(of: Counted, seen: Seen, rules: Rules) -> str:
    name = f"event: {quoted(of.event)}" if of.event is not None else f"type: {of.type}"
    schema = schema_of(seen, rules, of_person=of.type == "identify")
    lines = [
        comment(f"{of.events:,} events from {of.first} to {of.last}."),
        name,
        'description: "" # when is it sent, and what for?',
        'owner: "" # who answers for it?',
        f'since: "{of.first}"',
        *mapping({"properties": schema}, 0),
    ]
    return "\n".join(lines) + "\n"


def _head(project: str, days: int, counted: list[Counted], kept: set[tuple[str, str | None]]) -> str:
    lines = [
        comment(f"Drafted by `sojourn plan infer` from {days} days of project {project}."),
        "# It says what was sent, not what should be: strike what is wrong, fill in descriptions and owners.",
        "# `sojourn plan lint` lists what is missing.",
        f"version: {VERSION}",
        f"description: {quoted(f'What {project} sends, as drafted from its events.')}",
        "unplanned: warn",
        "identifiers:",
        "  user_id: {path: userId, description: The id of a customer in the sender's system.}",
        "  anonymous_id: {path: anonymousId, description: One browser or one installation of an app.}",
    ]
    rare = [one for one in counted if (one.type, one.event) not in kept]
    if rare:
        shown = ", ".join(f"{one.title} ({one.events})" for one in rare[:50])
        lines.append(comment(f"Left out, too rare or without a name: {shown}"))
    return "\n".join(lines) + "\n"


def _rows(result: duckdb.DuckDBPyConnection) -> Iterator[tuple[Any, ...]]:
    while rows := result.fetchmany(_FETCH):
        yield from rows


def _ask(lake: Lake, name: str, values: dict[str, Any]) -> duckdb.DuckDBPyConnection:
    return lake.con.execute(_statement(name), values)


@cache
def _statement(name: str) -> str:
    return (files("warehouse") / "sql" / "infer" / f"{name}.sql").read_text("utf-8")
