"""Whose conversions a touch is credited with, and who came through it."""

from __future__ import annotations

import numpy as np

from warehouse.insights.errors import BadQuestion
from warehouse.insights.marketing.attribution import AttributionAnswer
from warehouse.insights.marketing.campaigns import ALL, CampaignsAnswer
from warehouse.insights.marketing.journeys import NO_TOUCH, OTHER, Flags, Journeys, journeys_of, shaped
from warehouse.insights.marketing.models import MARKOV, weights_of
from warehouse.insights.period import span
from warehouse.insights.picking import Pick, Picked, micros
from warehouse.lake import Lake
from warehouse.statements import statement


def credited(lake: Lake, answer: AttributionAnswer | CampaignsAnswer, pick: Pick) -> Picked:
    """Those behind one touch of the answer. BadQuestion where it has none of that name."""
    if isinstance(answer, CampaignsAnswer):
        names = [one.campaign for one in answer.campaigns] + [ALL]
        if pick.did == "any":
            return _visited(answer, _known(pick, names))
    else:
        names = [one.touch for one in answer.credits]
    return _converted(lake, answer, pick, _known(pick, names))


def _known(pick: Pick, names: list[str]) -> str:
    if pick.item not in names:
        raise BadQuestion(f"item {pick.item[:80]!r} is none of the answer's")
    return pick.item


def _visited(answer: CampaignsAnswer, touch: str) -> Picked:
    if touch == OTHER:
        raise BadQuestion(f"item {OTHER!r} is several campaigns; a greater top names them")
    sql = statement(
        "insights/members/visited",
        since=micros(answer.since),
        every=str(touch == ALL).upper(),
    )
    return Picked(sql, {"touch": touch})


def _converted(lake: Lake, answer: AttributionAnswer | CampaignsAnswer, pick: Pick, touch: str) -> Picked:
    """The statement is run once more: which journeys a model credits to whom is arithmetic over its rows."""
    rows = lake.execute(answer.sql).to_arrow_table()
    journeys, first, _ = journeys_of(rows, answer.question.top)
    numbers = rows["journey"].to_numpy()[first]
    if isinstance(answer, AttributionAnswer):
        journeys = shaped(journeys, answer.question.path, answer.question.without)
    of = _credited(journeys, touch, answer, pick)
    if pick.did == "first":
        of &= rows["nth"].to_numpy()[first] == 1
    return Picked(statement("insights/members/converted"), {"journeys": numbers[of].tolist()})


def _credited(
    journeys: Journeys, touch: str, answer: AttributionAnswer | CampaignsAnswer, pick: Pick
) -> Flags:
    """Whether a touch has a part in each conversion. Markov's models know no parts: there it came before."""
    converted, of = journeys.converted, np.zeros(len(journeys.values), np.bool_)
    if touch == ALL and isinstance(answer, CampaignsAnswer):
        return ~of
    if touch == NO_TOUCH:
        of[converted.journey] = True
        return ~of
    model = answer.question.model if isinstance(answer, CampaignsAnswer) else pick.model
    counts = converted.code == journeys.names.index(touch) if touch in journeys.names else converted.code < 0
    if model is not None and model not in MARKOV:
        counts &= weights_of(converted, model, span("half_life", answer.question.half_life) / 1e6) > 0
    of[converted.journey[counts]] = True
    return of
