"""One run: what was loaded since the cursor `stitch` becomes sessions and customers, in one transaction."""

from collections.abc import Callable
from datetime import datetime
from time import perf_counter

import msgspec

from sessionizer import attributes, customers, identity, sessions, tagging
from sessionizer.identity import devices
from sessionizer.probable.edges import Limits, keep_up
from sessionizer.rolling import follow, follow_nobody
from sessionizer.statements import run
from warehouse.lake import Lake

BATCH = 500_000


class StitchReport(msgspec.Struct, frozen=True):
    """What one run did: it covered the load_seq in (after, until] and left `behind` for the next one."""

    after: int
    until: int
    behind: int = 0
    events: int = 0
    sessions: int = 0
    reread: int = 0
    identities: int = 0
    edges: int = 0
    merged: int = 0
    junk: int = 0
    customers: int = 0
    attributes: int = 0
    seconds: float = 0.0


def stitch(
    lake: Lake,
    *,
    now: Callable[[], int],
    batch: int = BATCH,
    visits: sessions.VisitRules = sessions.USUAL,
    rules: attributes.Rules = attributes.NO_RULES,
    probable: Limits | None = None,
    ids: identity.IdentityRules = identity.USUAL,
    decisions: identity.Decisions = (),
) -> StitchReport:
    """Move everything by at most `batch` load_seq.

    `now` gives µs UTC, `visits` say where sessions end, `rules` how the attributes of customers are chosen,
    `ids` which ids are joined for certain, `decisions` what people said of them, `probable` which probable
    edges join, where there are any.
    """
    began = perf_counter()
    with lake.transaction():
        report = _stitch(lake, now(), batch, Laws(visits, rules, ids, decisions))
        if probable is not None and report.identities:
            keep_up(lake, probable, decisions)
    return msgspec.structs.replace(report, seconds=round(perf_counter() - began, 3))


class Cursor(msgspec.Struct, frozen=True):
    """How far a stage has come: the last load_seq it has seen; the first there is is 1."""

    load_seq: int = 0
    complete_until: datetime | None = None

    @property
    def moment(self) -> int | None:
        """`complete_until` in µs UTC."""
        return None if self.complete_until is None else round(self.complete_until.timestamp() * 1e6)


def cursors(lake: Lake) -> dict[str, Cursor]:
    """The cursors `load` and `stitch`."""
    rows = lake.query("SELECT name, load_seq, complete_until FROM lake.main.cursors")
    found = {name: Cursor(load_seq, complete_until) for name, load_seq, complete_until in rows}
    return {"load": Cursor(), "stitch": Cursor()} | found


def move_cursor(
    lake: Lake, stages: dict[str, Cursor], until: int, moment: int, *, rolled: bool = False
) -> None:
    """Set the cursor `stitch`; once it has caught up with `load`, it is complete until the same moment.

    `rolled`: the roll-up has come as far.
    """
    source = stages["load" if until >= stages["load"].load_seq else "stitch"]
    names = ("stitch", "rollup") if rolled else ("stitch",)
    lake.execute(f"DELETE FROM lake.main.cursors WHERE name IN ({', '.join(map(repr, names))})")
    values = [names, until, source.complete_until, moment]
    lake.execute(
        "INSERT INTO lake.main.cursors SELECT unnest(?::VARCHAR[]), ?, ?, make_timestamptz(?)", values
    )


class Laws(msgspec.Struct, frozen=True):
    """All rules of a run: of sessions, of attributes, of identity, and what people decided."""

    visits: sessions.VisitRules
    rules: attributes.Rules
    ids: identity.IdentityRules
    decisions: identity.Decisions = ()


def _stitch(lake: Lake, moment: int, batch: int, laws: Laws) -> StitchReport:
    stages = cursors(lake)
    after, end = stages["stitch"].load_seq, stages["load"].load_seq
    until = min(end, after + batch)
    report = StitchReport(after, until, end - until)
    if until <= after:
        if stages["stitch"].complete_until != stages["load"].complete_until:
            move_cursor(lake, stages, after, moment)
        return report
    sessions.read_moments(lake, laws.visits, laws.ids)
    run(lake, "fresh", after=after, until=until)
    events = int(lake.query("SELECT count(*) FROM fresh")[0][0])
    if events:
        report, pointed = _change(lake, msgspec.structs.replace(report, events=events), laws)
        rolled = follow(lake, after, until, laws.visits, pointed=pointed)
    else:
        rolled = follow_nobody(lake, after, until)
    move_cursor(lake, stages, until, moment, rolled=rolled)
    return report


def _change(lake: Lake, report: StitchReport, laws: Laws) -> tuple[StitchReport, bool]:
    """Also whether visits of shared devices have other owners now."""
    changes = sessions.restitch(lake, report.until, laws.visits)
    ids = identity.resolve(lake, report.until, laws.ids, laws.decisions)
    recount = devices.point(lake, report.until, laws.ids, merged=ids.merged > 0)
    done = msgspec.structs.replace(
        report,
        sessions=changes.born,
        reread=changes.reread,
        identities=ids.identities,
        edges=ids.edges,
        merged=ids.merged,
        junk=ids.junk,
        customers=customers.adjust(lake, recount=recount),
        attributes=attributes.adjust(lake, laws.rules),
    )
    tagging.touch(lake, recount=recount)
    return done, recount
