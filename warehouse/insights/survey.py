"""Surveys: NPS, CSAT and CES of answers that came as events."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from math import sqrt
from typing import Annotated, Any, ClassVar, Final, Literal

from msgspec import Meta, Struct

from warehouse.insights.asked import Asked, asking
from warehouse.insights.clock import Clock, local_time
from warehouse.insights.feeling import LEXICON, scorer
from warehouse.insights.filters import Selector
from warehouse.insights.period import Interval
from warehouse.insights.question import Answer, Question, require
from warehouse.insights.sentiment import Mood, mood, scored, texts_of, texts_sql
from warehouse.insights.tables import Table
from warehouse.insights.trend import NONE, OTHER
from warehouse.lake import Lake
from warehouse.statements import statement

Kind = Literal["nps", "csat", "ces"]
Place = tuple[int | None, tuple[str, ...]]
Scores = Counter[int]

_SCALES: Final = {"nps": (0, 10), "csat": (1, 5), "ces": (1, 7)}
_Z: Final = 1.959964  # of a 95 % interval


class Survey(Question, frozen=True, kw_only=True):
    """How satisfied those were who answered: NPS (-100 to 100), CSAT (percent of 4 and 5), CES (mean)."""

    positional: ClassVar[str] = "event"

    event: Annotated[Selector | str, Meta(description="The answers: 'Survey Answered'.")] = "Survey Answered"
    field: Annotated[str, Meta(description="The field that holds the score.")] = "properties.score"
    kind: Annotated[Kind, Meta(description="What is asked: 0 to 10, 1 to 5, or 1 to 7.")] = "nps"
    once: Annotated[bool, Meta(description="Of each unit only the last answer counts.")] = False
    comment: Annotated[
        str | None, Meta(description="The field that holds what they wrote; tells how it sounds.")
    ] = None
    every: Annotated[Interval, Meta(description="Length of an interval.")] = "month"
    by: Annotated[tuple[str, ...], Meta(description="Fields to break down by; repeatable.")] = ()
    top: Annotated[int, Meta(description="Values of a breakdown to show; the rest is (other).")] = 10


class Satisfaction(Struct, frozen=True):
    """One interval, or with `at` null the whole range; an empty `by` is everybody.

    `n`: answers; `score` with its 95 % interval; `counts`: answers by score, the lowest first; `ignored`:
    answers whose score is no whole number of the scale. Of NPS `low` and `high` come from the variance of
    promoters and detractors, of CSAT after Wilson (1927), of CES from that of the mean.
    """

    at: str | None
    by: list[str]
    n: int
    score: float | None
    low: float | None
    high: float | None
    counts: list[int]
    ignored: int


class SurveyAnswer(Answer, frozen=True, kw_only=True):
    """Intervals in order of time, each by breakdown; then the whole range. `comments`: how what they wrote
    sounds, as `sentiment` tells of the whole range; null where no field was named.
    """

    question: Survey
    rows: list[Satisfaction]
    comments: Mood | None


def survey(lake: Lake, question: Survey, now: int) -> SurveyAnswer:
    """Scores of a survey over time. `now`: µs UTC. BadQuestion, UnknownName."""
    require(question, top=(1, 500), by=(0, 3))
    with asking(lake, question, now) as asked:
        selector = asked.selector(question.event)
        sql = _sql(asked, question, selector)
        rows = asked.rows(sql)
        if not rows:
            asked.known([selector])
        n = rows[0][-1] if rows else 0
        told = asked.told(sql, n, n)
        comments = _comments(asked, question, selector)
    return SurveyAnswer(question=question, rows=_rows(rows, question), comments=comments, **told)


def _comments(asked: Asked, question: Survey, selector: Selector) -> Mood | None:
    if question.comment is None:
        return None
    sql = texts_sql(asked, selector, question.comment, "whole", ())
    scores = [one.score for one in scored(texts_of(asked, sql), scorer(LEXICON))]
    return mood((None, ()), scores, question.timezone)


def _sql(asked: Asked, question: Survey, selector: Selector) -> str:
    """Columns: beginning of the interval, the breakdown, a score or null, answers with it, units in all."""
    clock, which = Clock(asked, question.every), asked.is_one(selector)
    by = [f"coalesce({asked.field(name).text}, '{NONE}')" for name in question.by]
    least, most = _SCALES[question.kind]
    number = asked.field(question.field).number
    columns = {f"b{place}": sql for place, sql in enumerate(by)}
    columns |= {"local": clock.local, "seq": "e.load_seq"}
    columns |= {
        "score": f"CASE WHEN {number} IN ({', '.join(map(str, range(least, most + 1)))}) THEN {number} END"
    }
    return statement(
        "insights/survey",
        happened=asked.happened(columns, [which]),
        zone=clock.zone,
        since=asked.values.bind(asked.period.since),
        by="".join(f", b{place}" for place in range(len(by))),
        last="TRUE" if question.once else "FALSE",
    )


def _rows(rows: Sequence[Sequence[Any]], question: Survey) -> list[Satisfaction]:
    """Counted by interval and breakdown, and again without either."""
    shown = _shown(rows, question.top)
    found: dict[Place, Scores] = defaultdict(Counter)
    ignored: Counter[Place] = Counter()
    for at, *by, score, answers, _ in rows:
        values = tuple(by) if tuple(by) in shown else (OTHER,) * len(by)
        for place in {(at, values), (None, values), (None, ())}:
            found[place] += Counter({} if score is None else {int(score): answers})
            ignored[place] += answers if score is None else 0
    order = sorted(found, key=lambda place: (place[0] is None, place[0] or 0, place[1] == (), place[1]))
    return [_satisfaction(place, found[place], ignored[place], question) for place in order]


def _shown(rows: Sequence[Sequence[Any]], top: int) -> set[tuple[str, ...]]:
    sizes: Counter[tuple[str, ...]] = Counter()
    for row in rows:
        sizes[tuple(row[1:-3])] += row[-2]
    return {values for values, _ in sorted(sizes.items(), key=lambda one: (-one[1], one[0]))[:top]}


def _satisfaction(place: Place, scores: Scores, ignored: int, question: Survey) -> Satisfaction:
    least, most = _SCALES[question.kind]
    score, low, high = _FORMULAS[question.kind](scores) if scores.total() else (None, None, None)
    at = None if place[0] is None else local_time(place[0], question.timezone)
    counts = [scores[number] for number in range(least, most + 1)]
    return Satisfaction(at, list(place[1]), scores.total(), score, low, high, counts, ignored)


def nps(scores: Mapping[int, int]) -> tuple[float, float, float]:
    """Percent of 9 and 10 less percent of 0 to 6, and its interval."""
    n = sum(scores.values())
    promoters = sum(scores.get(score, 0) for score in (9, 10)) / n
    detractors = sum(scores.get(score, 0) for score in range(7)) / n
    score = promoters - detractors
    reach = _Z * sqrt(max(promoters + detractors - score**2, 0.0) / n)
    return 100 * score, 100 * max(score - reach, -1), 100 * min(score + reach, 1)


def csat(scores: Mapping[int, int]) -> tuple[float, float, float]:
    """Percent of 4 and 5, and Wilson's interval."""
    n = sum(scores.values())
    share = (scores.get(4, 0) + scores.get(5, 0)) / n
    middle = (share + _Z**2 / (2 * n)) / (1 + _Z**2 / n)
    reach = _Z * sqrt(share * (1 - share) / n + _Z**2 / (4 * n**2)) / (1 + _Z**2 / n)
    return 100 * share, 100 * (middle - reach), 100 * (middle + reach)


def ces(scores: Mapping[int, int]) -> tuple[float, float, float]:
    """The mean of 1 to 7, and its interval."""
    n = sum(scores.values())
    mean = sum(score * answers for score, answers in scores.items()) / n
    spread = sum(answers * (score - mean) ** 2 for score, answers in scores.items()) / max(n - 1, 1)
    reach = _Z * sqrt(spread / n)
    return mean, max(mean - reach, 1), min(mean + reach, 7)


_FORMULAS: Final = {"nps": nps, "csat": csat, "ces": ces}


def survey_table(answer: SurveyAnswer) -> Table:
    """One row an interval; the whole range last."""
    columns = ["at", *answer.question.by, "n", "score", "low", "high", "ignored"]
    rows = []
    for one in answer.rows:
        by = one.by or [""] * len(answer.question.by)
        rows.append([one.at or "all", *by, one.n, one.score, one.low, one.high, one.ignored])
    return Table(columns, rows)
