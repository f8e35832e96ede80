"""The roll-up keeps in step: each run counts its events, and again what became somebody else's."""

from sessionizer.logs import Report
from sessionizer.sessions import VisitRules
from sessionizer.statements import run, statement
from warehouse import rollup
from warehouse.lake import Lake


def follow(lake: Lake, after: int, until: int, visits: VisitRules, *, pointed: bool) -> bool:
    """After a run's visits and identities are written: count its events, load_seq in (after, until].

    Where the roll-up was behind before, these wait, and False. `pointed`: visits of shared devices have other
    owners now.
    """
    held = held_until(lake, after)
    if held is None:
        return False
    run(lake, "rollup/owners")
    also = statement("rollup/repointed") if pointed else ""
    if visits.cutting.counts == "pages" or visits.cutting.ignores:
        also += statement("rollup/uncounted")
    run(lake, "rollup/cells", also=also, days=statement("rollup/days"))
    if held < after:
        rollup.recount(lake, held)
        return False
    run(lake, "rollup/visits")
    rollup.add(lake, after, until)
    return True


def follow_nobody(lake: Lake, after: int, until: int) -> bool:
    """The same of a run whose events, if there are any, are nobody's."""
    if held_until(lake, after) != after:
        return False
    run(lake, "rollup/no_cells")
    run(lake, "rollup/no_visits")
    rollup.add(lake, after, until)
    return True


def held_until(lake: Lake, after: int) -> int | None:
    """Up to where the roll-up holds all events; None where it is to be filled anew. Before the first run it
    holds all that there is.
    """
    held = rollup.rolled_until(lake)
    return 0 if held is None and after == 0 else held


def redecided(lake: Lake) -> None:
    """After the ids of the temp table `closure` were decided again: count their devices anew."""
    held = rollup.rolled_until(lake)
    if held is not None:
        run(lake, "rollup/redecided", days=statement("rollup/days"))
        rollup.recount(lake, held)


def fill_rollup(lake: Lake, now: int, report: Report) -> bool:
    """Count a portion of what is stitched and not in the roll-up, and tell the progress; True where more is
    left. `now`: µs UTC.
    """
    done = rollup.fill(lake, now)
    report("info", "roll-up filled", {"until": done.until, "behind": done.behind})
    return done.behind > 0
