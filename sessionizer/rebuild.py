"""The stitched tables computed anew from lake.events."""

from collections.abc import Callable
from time import perf_counter

import msgspec

from sessionizer import attributes, customers, identity, sessions, tagging
from sessionizer.identity import devices, lives, writing
from sessionizer.incremental import Laws, cursors, move_cursor
from sessionizer.probable.edges import Limits, redecide
from sessionizer.statements import run
from warehouse import rollup
from warehouse.lake import Lake

Progress = Callable[[str], None]


class RebuildReport(msgspec.Struct, frozen=True):
    """What the tables hold after a rebuild; `until` is the load_seq up to which events were read."""

    until: int
    sessions: int
    identities: int
    customers: int
    seconds: float


def rebuild(
    lake: Lake,
    *,
    now: Callable[[], int],
    progress: Progress = lambda step: None,
    visits: sessions.VisitRules = sessions.USUAL,
    rules: attributes.Rules = attributes.NO_RULES,
    probable: Limits | None = None,
    ids: identity.IdentityRules = identity.USUAL,
    decisions: identity.Decisions = (),
) -> RebuildReport:
    """Compute sessions, identities, edges and customers from all loaded events, in one transaction.

    Aliases and redirects are a ledger: they stay, and an id that does not come again gets a row. `progress`
    is called with the name of each step; `now` gives µs UTC; `visits` are the rules of sessions, `rules`
    those of attributes, `ids` those of identity, `decisions` what people said of two ids; probable edges are
    kept and, by `probable`, decided anew. The roll-up is to be filled anew.
    """
    began = perf_counter()
    with lake.transaction():
        stages = cursors(lake)
        until = stages["load"].load_seq
        sessions.read_moments(lake, visits, ids)
        run(lake, "whole", until=until)
        for name, step in _STEPS.items():
            progress(name)
            step(lake, until, Laws(visits, rules, ids, decisions))
        progress("attributes")
        _attributes(lake, rules)
        if probable is not None:
            redecide(lake, probable, decisions)
        tagging.touch_all(lake)
        rollup.forget(lake)
        move_cursor(lake, stages, until, now())
        counts = _counts(lake)
        progress("commit")
    return RebuildReport(until, *counts, round(perf_counter() - began, 3))


def _sessions(lake: Lake, until: int, laws: Laws) -> None:
    sessions.replace_all(lake, until, laws.visits)


def _identities(lake: Lake, until: int, laws: Laws) -> None:
    identity.resolve_all(lake, laws.ids, laws.decisions)
    run(lake, "identity/vanished")
    run(lake, "identity/redirect", until=until)
    lake.execute("DELETE FROM lake.main.identities")
    lake.execute("DELETE FROM lake.main.identity_edges")
    lake.execute("DELETE FROM lake.main.identity_lives")
    if laws.ids.mortal:
        lives.write(lake)
    writing.write_all(lake)
    run(lake, "identity/insert_edges")
    lake.execute("DELETE FROM lake.main.junk_ids")
    lake.execute("INSERT INTO lake.main.junk_ids FROM junk_found ORDER BY ALL")
    lake.execute("DELETE FROM lake.main.identity_intervals")
    devices.point_all(lake, until, laws.ids)


def _customers(lake: Lake, _: int, __: Laws) -> None:
    lake.execute("DELETE FROM lake.main.customers")
    customers.count_all(lake)


def _attributes(lake: Lake, rules: attributes.Rules) -> None:
    lake.execute("DELETE FROM lake.main.traits")
    attributes.hear_all(lake)
    attributes.resolve_all(lake, rules)


def _counts(lake: Lake) -> tuple[int, int, int]:
    tables = ("sessions", "identities", "customers")
    of = ", ".join(f"(SELECT count(*) FROM lake.main.{table})" for table in tables)
    visits, ids, people = lake.query(f"SELECT {of}")[0]
    return visits, ids, people


_STEPS = {"sessions": _sessions, "identities": _identities, "customers": _customers}
