"""Sessions: which ones the new events change, and what they become.

A subject's events in order of (timestamp, message id) are one session until 30 minutes pass without one, or
an event names a user other than the session's user so far. So a session is a function of the events alone,
never of the order of their arrival. A run looks at the clusters of sessions and new events without a gap
between them: where the new ones come last it goes on from the last session's row, elsewhere it reads the
cluster's events again.
"""

import msgspec

from sessionizer.identity import rules as ids_of
from sessionizer.identity import sightings
from sessionizer.identity.rules import IdentityRules
from sessionizer.rereading import Cluster, Look, looks
from sessionizer.spans import Span, merged, widened
from sessionizer.statements import run, statement
from sessionizer.visits.columns import of_atoms, of_moments, of_seeds
from sessionizer.visits.finding import find, find_all
from sessionizer.visits.rules import OURS, SessionRules
from sessionizer.visits.successes import Success, tell
from warehouse.lake import Lake
from warehouse.sieve import sifted


class VisitRules(msgspec.Struct, frozen=True):
    """How events are cut into sessions, and which of them are successes."""

    cutting: SessionRules = OURS
    successes: tuple[Success, ...] = ()

    @property
    def gap(self) -> int:
        """The longest pause within a session, in µs."""
        return round(self.cutting.widest_gap * 1_000_000)


USUAL = VisitRules()
_NOWHERE = Span(0, -1)


class Changes(msgspec.Struct, frozen=True):
    """What a run did to the sessions; `reread` clusters needed their events again."""

    gone: int
    born: int
    reread: int


def read_moments(lake: Lake, rules: VisitRules = USUAL, ids: IdentityRules = ids_of.USUAL) -> None:
    """Make the temp view `moments`, and what it reads; `ids` say what is no id."""
    tell(lake, rules.successes)
    run(lake, "moments", **of_moments(rules.cutting), **sightings.of_moments(ids))


def restitch(lake: Lake, until: int, rules: VisitRules = USUAL) -> Changes:
    """Bring `sessions` and `session_aliases` up to date with the temp table `fresh`.

    Leaves the temp tables `gone` and `born` (rows of sessions) for what follows in the transaction.
    """
    _find_near(lake, rules.gap)
    run(lake, "sessions/items", gap=rules.gap)
    run(lake, "sessions/clusters", resumable=str(rules.cutting.resumable).lower())
    _read_before(lake)
    run(lake, "sessions/seeds", **of_seeds(rules.cutting))
    _add_atoms(lake, rules, statement("sessions/appended"))
    reread = _read_again(lake, rules, until)
    find(lake, rules.cutting)
    run(lake, "devices/near")
    if lake.query("SELECT EXISTS (FROM intervals_near)")[0][0]:
        run(lake, "identity/pointed")
    run(lake, "sessions/gone")
    run(lake, "sessions/born")
    return _write(lake, until, reread)


def replace_all(lake: Lake, until: int, rules: VisitRules = USUAL) -> None:
    """Cut every event of the temp view `whole` anew, in place of all sessions there are."""
    run(lake, "sessions/were")
    lake.execute("DELETE FROM lake.main.sessions")
    for _ in find_all(lake, rules.cutting):
        run(lake, "sessions/insert", rows="closed_visits")
    run(lake, "sessions/vanished")
    run(lake, "sessions/aliases", until=until, visits="lake.main.sessions")


def _find_near(lake: Lake, gap: int) -> None:
    run(lake, "sessions/touched")
    rows = lake.query("SELECT epoch_us(min(lo)), epoch_us(max(hi)) FROM touched GROUP BY event_day")
    spans = merged(widened((Span(*row) for row in rows), gap))
    _read_near(lake, spans)
    reaching = [Span(lo, hi) for lo, hi in run(lake, "sessions/reach").fetchall()]
    wider = merged([*spans, *widened(reaching, gap)])
    if wider != spans:
        _read_near(lake, wider)


def _read_near(lake: Lake, spans: list[Span]) -> None:
    parts = [statement("sessions/near_span", lo=span.lo, hi=span.hi) for span in spans or [_NOWHERE]]
    run(lake, "sessions/near", spans="\nUNION\n".join(parts))


def _read_before(lake: Lake) -> None:
    run(lake, "sessions/affected")
    ((first, last),) = lake.query("SELECT epoch_us(min(started_at)), epoch_us(max(started_at)) FROM affected")
    days = _NOWHERE if first is None else Span(first, last)
    sieve = sifted(lake, "SELECT handle FROM affected", "rowid")
    run(lake, "sessions/before", first_day=days.first_day, last_day=days.last_day, sieve=sieve)


def _add_atoms(lake: Lake, rules: VisitRules, source: str) -> None:
    atoms = statement("sessions/event_atoms", source=source, **of_atoms(rules.cutting))
    lake.execute(f"INSERT INTO atoms {atoms}")


def _read_again(lake: Lake, rules: VisitRules, until: int) -> int:
    run(lake, "sessions/slow")
    rows = lake.query("SELECT subject_key, epoch_us(opens), epoch_us(closes) FROM slow")
    if rows:
        ((held,),) = lake.query("SELECT count(*) FROM lake.main.events")
        for look in looks([Cluster(*row) for row in rows], held):
            _add_atoms(lake, rules, _reread(look, until))
    return len(rows)


def _reread(look: Look, until: int) -> str:
    span = look.span
    days = {"first_day": span.first_day, "last_day": span.last_day}
    return statement("sessions/reread", lo=span.lo, hi=span.hi, until=until, of_whom=look.of_whom, **days)


def _write(lake: Lake, until: int, reread: int) -> Changes:
    ((gone, born, days),) = lake.query(
        "SELECT (SELECT count(*) FROM gone), (SELECT count(*) FROM born),"
        " (SELECT list(DISTINCT session_day) FROM gone)"
    )
    if gone:
        run(lake, "sessions/delete", days=", ".join(f"DATE '{day}'" for day in days))
        run(lake, "sessions/aliases", until=until, visits="visits")
    if born:
        run(lake, "sessions/insert", rows="born")
    return Changes(gone, born, reread)
