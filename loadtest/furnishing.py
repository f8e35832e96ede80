"""What the demo has besides events: a board, questions and a watch; cohorts, a model and a report.

The latter once its past is in. All of it comes by the doors that people use; what is there is left alone.
"""

import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import click

from sdk_contract.errors import SojournError
from warehouse.boards.definition import read_board
from warehouse.boards.keeping import kept
from warehouse.cli.options import chosen, now, open_reader, open_registry
from warehouse.cohorts.answers import cohorts
from warehouse.cohorts.gathering import of_ids
from warehouse.cohorts.saving import KIND
from warehouse.errors import LakeMissing
from warehouse.insights.asked import absolute
from warehouse.insights.kinds import INSIGHTS
from warehouse.insights.members import MOST_LISTED, members
from warehouse.insights.picking import Pick
from warehouse.insights.prediction.keeping import train
from warehouse.insights.prediction.question import Risk
from warehouse.insights.reading import from_texts
from warehouse.lake import Lake
from warehouse.registry import Registry
from warehouse.reports import keeping
from warehouse.reports.making import shipped_board
from warehouse.settings import WarehouseSettings
from warehouse.watches import publishing
from warehouse.watches.definition import read_watch

BY: Final = "demo"
DAYS_US: Final = 30 * 86_400_000_000
_SHOWN: Final = Path(__file__).with_name("shown")
_LOOK_EVERY_S: Final = 3.0
_PATIENCE_S: Final = 900.0
_STITCHED: Final = "SELECT epoch_us(complete_until) FROM cursors WHERE name = 'stitch'"
_QUESTIONS: Final = (
    ("订单按国家 Orders by country", "trend", "events=Order+Completed&by=country"),
    (
        "从浏览到下单 From product to order",
        "funnel",
        "steps=Product+Viewed&steps=Product+Added&steps=Order+Completed",
    ),
    ("NPS", "survey", "every=week&comment=properties.comment"),
)
# Name, what it is, the question and the number of its answer behind which they are.
_COHORTS: Final = (
    (
        "champions",
        "Bought lately, often and for much.",
        "rfm",
        {"value": ["properties.revenue"]},
        Pick(item="champions"),
    ),
    (
        "detractors",
        "Gave 0 to 6 after an order.",
        "trend",
        {
            "events": ["Survey Answered"],
            "where": ["properties.score <= 6"],
            "every": ["whole"],
            "since": ["30d"],
        },
        Pick(),
    ),
)
# A month of history is enough for a week's look back and five days ahead.
_RISK: Final = Risk(history="7d", horizon="5d", active="7d", value="properties.revenue")
Say = Callable[[str], None]
Clock = Callable[[], int]


def begin(registry: Registry, project: str, clock: Clock) -> None:
    """A board, saved questions, and a watch that judges the shop's past as well."""
    board = read_board((_SHOWN / "board.yaml").read_text("utf-8"))
    if all(one.name != board.name for one in registry.boards(BY)):
        registry.create_board(kept(board)[0], BY, kept(board)[1], shared=True)
    known = {one.name for one in registry.saved_questions(BY)}
    for name, insight, address in _QUESTIONS:
        if name not in known:
            registry.save_question(name, BY, insight, address, shared=True)
    watch = read_watch((_SHOWN / "watch.yaml").read_text("utf-8"))
    if not registry.watches(project, watch.name):
        publishing.publish(registry, project, watch, BY, clock() - DAYS_US)


def stitched(settings: WarehouseSettings, after: int) -> bool:
    """Whether all that was received before a moment (µs UTC) is in sessions and customers."""
    try:
        with open_reader(settings) as lake:
            return any((moment or 0) >= after for (moment,) in lake.query(_STITCHED))
    except LakeMissing:
        return False


def complete(settings: WarehouseSettings, registry: Registry, project: str, clock: Clock, say: Say) -> None:
    """Cohorts, a model of who will stop, and a report every week, each where there is none."""
    for step in (_gather, _learn, _report):
        try:
            with open_reader(settings) as lake:
                step(lake, registry, project, clock())
        except SojournError as error:
            say(f"{step.__name__.strip('_')}: {error}")


def _gather(lake: Lake, registry: Registry, project: str, moment: int) -> None:
    known = {one.cohort for one in cohorts(lake)}
    for name, told, insight, given, pick in _COHORTS:
        if name not in known:
            keys = _keys(lake, insight, {**given, "project": [project]}, pick, moment)
            wish = {"project": project, "cohort": name, "description": told, "keys": keys}
            registry.file_command(KIND, wish, by=BY)


def _keys(
    lake: Lake, insight: str, given: Mapping[str, Sequence[str]], pick: Pick, moment: int
) -> Sequence[int]:
    of = INSIGHTS[insight]

    def ask(lake: Lake, question: Any) -> Any:
        return of.ask(lake, question, moment)

    question = absolute(from_texts(of.question, given), moment)
    answer, found = members(lake, insight, question, pick, ask, limit=MOST_LISTED)
    return of_ids(lake, answer, found.ids).keys


def _learn(lake: Lake, registry: Registry, project: str, moment: int) -> None:
    if not any(one.project == project for one in registry.models()):
        train(lake, registry, _RISK, "risk", BY, moment)


def _report(lake: Lake, registry: Registry, project: str, moment: int) -> None:
    """The console makes what is due, by itself."""
    if not registry.schedules():
        keeping.schedule(registry, shipped_board("visits"), "week", "UTC", "en", project, BY)


@click.command()
@click.option("--data", required=True)
@click.option("--project", required=True)
@click.option("--after", required=True, type=int, help="Begin when what was received before is in (µs UTC).")
def furnish(data: str, project: str, after: int) -> None:
    """Give the demo in DATA what it shows besides events."""
    settings, until = chosen(data), time.monotonic() + _PATIENCE_S
    registry = open_registry(settings)
    begin(registry, project, now)
    while not stitched(settings, after):
        if time.monotonic() > until:
            return
        time.sleep(_LOOK_EVERY_S)
    complete(settings, registry, project, now, lambda line: print(line, file=sys.stderr))


if __name__ == "__main__":
    furnish(prog_name="furnish")
