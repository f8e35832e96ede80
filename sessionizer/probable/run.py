"""One run of matching: records of every project, a model learned from them, edges, and what they join."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from time import perf_counter
from typing import Final

import msgspec
import pyarrow as pa

from sessionizer.errors import ProbableMissing
from sessionizer.identity import Decisions
from sessionizer.probable import edges, records
from sessionizer.probable.edges import Limits
from sessionizer.statements import statement
from warehouse.lake import Lake

FEWEST: Final = 2
MEMORY: Final = "4GB"
Progress = Callable[[str], None]


class MatchReport(msgspec.Struct, frozen=True):
    """What a run of matching found.

    `edges` are at least as likely one person as two; of these `joined` hold `profiles` of several customers
    together, and `blocked` were sure enough but would have broken a limit.
    """

    projects: int
    records: int
    edges: int
    joined: int
    blocked: int
    profiles: int
    customers: int
    seconds: float


class _Found(msgspec.Struct, frozen=True):
    project: str
    pairs: pa.Table
    model: str
    records: int
    matches: int
    settings: bytes


def match_all(
    lake: Lake,
    limits: Limits,
    *,
    threads: int = 2,
    memory: str = MEMORY,
    progress: Progress = lambda step: None,
    decisions: Decisions = (),
) -> MatchReport:
    """Compare the customers of each project and write what is probable, in one transaction.

    `progress` is called with the name of each step; `decisions` are what people said of two ids.
    ProbableMissing where Splink is not installed.
    """
    require_splink()
    began = perf_counter()
    until = _until(lake)
    found = [
        one
        for project in records.projects(lake)
        if (one := _compare(lake, project, until, threads, memory, progress))
    ]
    progress("commit")
    with lake.transaction():
        edges.forget(lake)
        for one in found:
            _write(lake, one, until)
        joined, blocked = edges.redecide(lake, limits, decisions)
        ((profiles, customers),) = lake.query(
            "SELECT count(DISTINCT probable_customer_id), count(*) FROM lake.main.probable_customers"
        )
    return MatchReport(
        projects=len(found),
        records=sum(one.records for one in found),
        edges=sum(len(one.pairs) for one in found),
        joined=joined,
        blocked=blocked,
        profiles=profiles,
        customers=customers,
        seconds=round(perf_counter() - began, 3),
    )


def require_splink() -> None:
    """ProbableMissing where the extra is not installed."""
    try:
        import_module("pypinyin")
        import_module("splink")
    except ImportError as error:
        raise ProbableMissing(
            f"probable identity needs {error.name}; install it with pip install 'sojourn[probabilistic]'"
        ) from error


def _until(lake: Lake) -> int:
    rows = lake.query("SELECT load_seq FROM lake.main.cursors WHERE name = 'stitch'")
    return int(rows[0][0]) if rows else 0


def _compare(
    lake: Lake, project: str, until: int, threads: int, memory: str, progress: Progress
) -> _Found | None:
    from sessionizer.probable.matching import match
    from sessionizer.probable.model import train
    from sessionizer.probable.people import workshop

    progress(f"{project}: records")
    said = records.read(lake, project, until)
    if len(said) < FEWEST:
        return None
    with workshop(said, threads, memory) as con:
        progress(f"{project}: learning from {len(said)} records")
        model = train(con)
        progress(f"{project}: comparing")
        pairs = match(con, model)
    settings = msgspec.json.encode(model.settings, order="sorted")
    return _Found(project, pairs, model.version, model.records, model.matches, settings)


def _write(lake: Lake, found: _Found, until: int) -> None:
    with lake.table("pairs_found", found.pairs):
        lake.execute(
            statement("probable/insert_edges", until=until), {"project": found.project, "model": found.model}
        )
    values = [found.project, found.model, until, found.records, found.matches, found.settings.decode()]
    lake.execute("INSERT INTO lake.main.probable_models VALUES (?, ?, ?, ?, ?, ?)", values)
