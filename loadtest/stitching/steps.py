"""One step of the sessionizer, measured in this process: `python -m loadtest.stitching.steps STEP DATA`."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import msgspec

from loadtest.machine import peak_mb
from sessionizer.fates import in_lake
from sessionizer.incremental import stitch
from sessionizer.rebuild import rebuild
from sessionizer.sessions import VisitRules, read_moments, replace_all
from sessionizer.statements import run
from sessionizer.tagging import keep_up
from sessionizer.visits.finding import find_all
from sessionizer.visits.pauses import spells
from sessionizer.visits.presets import PRESETS
from sessionizer.visits.rules import MINUTE, OURS, SessionRules
from sessionizer.visits.successes import Success
from warehouse.lake import Lake, connect
from warehouse.rollup import fill
from warehouse.settings import WarehouseSettings
from warehouse.tags import read_tags
from warehouse.tags.rules import Versioned
from warehouse.upkeep import prune

# The writer loads these once in its life: DuckDB looks whether a table that it is given is one of pandas.
import_module("warehouse.tags.evaluation")
with suppress(ImportError):
    import_module("pandas")
PAID: Final = Success("demo", "track", "Order Completed", "/total", "/currency")
OWN: Final = VisitRules(OURS, (PAID,))
EVERY_RULE: Final = SessionRules(
    "every rule",
    mobile_gap=5 * MINUTE,
    lone_gap=10 * MINUTE,
    day_of="Asia/Shanghai",
    user=True,
    campaign=True,
    referrer=True,
    longest=24 * 60 * MINUTE,
    ends_after=("Order Completed",),
    ignores=("Heartbeat",),
)


class Spent(msgspec.Struct, frozen=True):
    """What a step took, CPU seconds and the process's peak memory, and what it found."""

    cpu_s: float
    rss_mb: float
    found: dict[str, int]


def gap(lake: Lake) -> dict[str, int]:
    """Sessions by half an hour's pause, over all events."""
    _read(lake, VisitRules(PRESETS["ga4"]))
    found = [(len(part), int(part.events.sum())) for part in spells(lake, 30 * MINUTE * 1_000_000)]
    return {"sessions": sum(size for size, _ in found), "events": sum(events for _, events in found)}


def every_rule(lake: Lake) -> dict[str, int]:
    """Sessions by all rules at once with every column, written to the lake."""
    with lake.transaction():
        rules = VisitRules(EVERY_RULE, (PAID,))
        until = _read(lake, rules)
        replace_all(lake, until, rules)
        ((sessions,),) = lake.query("SELECT count(*) FROM lake.main.sessions")
    return {"sessions": sessions}


def whole(lake: Lake) -> dict[str, int]:
    """Sessions, identities, customers and attributes by our own rules, from all events; then their fates."""
    done = rebuild(lake, now=_now, visits=OWN)
    fates = in_lake(lake, OURS)
    return {"sessions": done.sessions, "identities": done.identities} | fates


def rolled(lake: Lake) -> dict[str, int]:
    """The roll-up of all that is stitched, which each stitch keeps in step from then on; then the catalog as
    upkeep leaves it every minute.
    """
    done = fill(lake, _now())
    while done.behind:
        done = fill(lake, _now())
    prune(lake)
    return {"until": done.until}


def delta(lake: Lake) -> dict[str, int]:
    """What was loaded since the last step."""
    lake.execute("SET threads = 1")
    done = stitch(lake, now=_now, visits=OWN, batch=1 << 40)
    return {"events": done.events, "sessions": done.sessions, "reread": done.reread, "edges": done.edges}


def late(lake: Lake) -> dict[str, int]:
    """Half a percent of the sessions have not come yet: how many there are of the others (`early`), and how
    many of their ids are none once all have come (`changed`).
    """
    until = _read(lake, OWN)
    lake.execute(_LATE)
    lake.execute(_WITHOUT_LATE.format(until=until))
    lake.execute("CREATE TEMP TABLE early (session_id VARCHAR)")
    for _ in find_all(lake, OWN.cutting):
        lake.execute("INSERT INTO early SELECT session_id FROM closed_visits")
    ((early, changed),) = lake.query(_CHANGED)
    return {"early": early, "changed": changed}


def tag(lake: Lake) -> dict[str, int]:
    """Tags of all customers where the rules are new, else of those who did something since."""
    lake.execute("SET threads = 1")
    rules = read_tags(Path(__file__).with_name("tags.yaml").read_text("utf-8"))
    projects = lake.query("SELECT DISTINCT project FROM customers")
    wanted = {project: [Versioned(one, 1) for one in rules] for (project,) in projects}
    done = keep_up(lake, wanted, _now())
    ((stays,),) = lake.query("SELECT count(*) FROM tag_members")
    return {"tags": len(rules), "customers": done.customers, "changed": done.changed, "stays": stays}


STEPS: Final[dict[str, Callable[[Lake], dict[str, int]]]] = {
    "gap": gap,
    "every_rule": every_rule,
    "whole": whole,
    "late": late,
    "rolled": rolled,
    "delta": delta,
    "tag": tag,
}
_LATE: Final = """
    CREATE TEMP TABLE late AS
    SELECT subject_key, started_at, first_message_id, ended_at, last_message_id
    FROM lake.main.sessions WHERE hash(session_id) % 200 = 0"""
_WITHOUT_LATE: Final = """
    CREATE OR REPLACE TEMP VIEW whole AS
    SELECT * FROM moments
    WHERE load_seq <= {until} AND NOT EXISTS (
        SELECT 1 FROM late
        WHERE late.subject_key = moments.subject_key AND row(happened_at, message_id)
            BETWEEN row(started_at, first_message_id) AND row(ended_at, last_message_id)
    )"""
_CHANGED: Final = """
    SELECT count(*), count(*) FILTER (session_id NOT IN (SELECT session_id FROM lake.main.sessions))
    FROM early"""


def measured(step: str, data: Path) -> Spent:
    """Do the step over the lake of a data folder; opening the lake is not counted."""
    with connect(WarehouseSettings(data=str(data)), read_only=False) as lake:
        before = time.process_time()
        found = STEPS[step](lake)
        cpu = time.process_time() - before
    return Spent(round(cpu, 3), peak_mb(), found)


def _read(lake: Lake, rules: VisitRules) -> int:
    ((until,),) = lake.query("SELECT max(load_seq) FROM lake.main.cursors")
    read_moments(lake, rules)
    run(lake, "whole", until=until)
    return int(until)


def _now() -> int:
    return time.time_ns() // 1000


def main(arguments: list[str]) -> Any:
    """STEP and DATA; prints one line of JSON."""
    step, data = arguments
    print(msgspec.json.encode(measured(step, Path(data))).decode())


if __name__ == "__main__":
    main(sys.argv[1:])
