"""Sentiment: how what people wrote sounds, over time and by breakdown, with the best and the worst of it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from math import sqrt
from typing import Annotated, Any, ClassVar, Final

from msgspec import Meta, Struct

from warehouse.insights.asked import Asked, asking
from warehouse.insights.clock import Clock, local_time
from warehouse.insights.errors import BadQuestion
from warehouse.insights.feeling import Scorer, scorer
from warehouse.insights.feeling.permitted import permitted
from warehouse.insights.filters import Selector
from warehouse.insights.period import Interval
from warehouse.insights.question import Answer, Question, require
from warehouse.insights.tables import Table
from warehouse.insights.trend import NONE, OTHER
from warehouse.lake import Lake
from warehouse.statements import statement
from warehouse.times import iso

MOST_TEXTS: Final = 500_000
_PLAIN: Final = 0.1  # scores so near to 0 are neither good nor bad
_Z: Final = 1.959964  # of a 95 % interval
Place = tuple[int | None, tuple[str, ...]]


class Sentiment(Question, frozen=True, kw_only=True):
    """How what people wrote sounds, from -1 to 1, in each interval, and which sounds best and worst."""

    positional: ClassVar[str] = "event"

    event: Annotated[Selector | str, Meta(description="What they wrote it in: 'Survey Answered'.")] = "*"
    field: Annotated[str, Meta(description="The field that holds the text.")] = "properties.comment"
    scorer: Annotated[str, Meta(description="Who scores: lexicon, or one that is installed.")] = "lexicon"
    every: Annotated[Interval, Meta(description="Length of an interval.")] = "day"
    by: Annotated[tuple[str, ...], Meta(description="Fields to break down by; repeatable.")] = ()
    top: Annotated[int, Meta(description="Values of a breakdown to show; the rest is (other).")] = 10
    extremes: Annotated[int, Meta(description="So many of the best and of the worst messages.")] = 5
    texts: Annotated[bool, Meta(description="Show what the extremes say, where policy permits.")] = False


class Mood(Struct, frozen=True):
    """One interval, or with `at` null the whole range; an empty `by` is everybody.

    `n`: texts; `unknown` of them the scorer could not tell. `score`: the mean of the others with its 95 %
    interval; `positive`, `neutral` and `negative` are how many there were of each.
    """

    at: str | None
    by: list[str]
    n: int
    score: float | None
    low: float | None
    high: float | None
    positive: int
    neutral: int
    negative: int
    unknown: int


class Extreme(Struct, frozen=True):
    """A message that sounds best or worst. `text` is null unless it was asked for and may be shown."""

    message_id: str
    at: str
    score: float
    text: str | None


class SentimentAnswer(Answer, frozen=True, kw_only=True):
    """Intervals in order of time, each by breakdown; then the whole range. `withheld`: extremes whose text
    was asked for, and whose write key has no policy that takes addresses and numbers out of texts.
    """

    question: Sentiment
    rows: list[Mood]
    worst: list[Extreme]
    best: list[Extreme]
    withheld: int


class Written(Struct, frozen=True):
    """A text with its score; times µs UTC."""

    begins: int
    moment: int
    message_id: str
    key_id: str
    text: str
    score: float | None
    by: tuple[str, ...]


def sentiment(lake: Lake, question: Sentiment, now: int) -> SentimentAnswer:
    """Scores of texts. `now`: µs UTC. BadQuestion, UnknownName."""
    require(question, top=(1, 500), by=(0, 3), extremes=(0, 100))
    judge = scorer(question.scorer)
    with asking(lake, question, now) as asked:
        selector = asked.selector(question.event)
        sql = texts_sql(asked, selector, question.field, question.every, question.by)
        rows = texts_of(asked, sql)
        if not rows:
            asked.known([selector])
        told = asked.told(sql, len({row[2] for row in rows}), len({row[2] for row in rows}))
    written = scored(rows, judge)
    shown = permitted(lake.registry) if question.texts else frozenset()
    ranked = sorted((one for one in written if one.score is not None), key=_rank)
    bad = [one for one in ranked if (one.score or 0) < -_PLAIN][: question.extremes]
    good = [one for one in ranked[::-1] if (one.score or 0) > _PLAIN][: question.extremes]
    hidden = sum(one.key_id not in shown for one in (*bad, *good)) if question.texts else 0
    return SentimentAnswer(
        question=question,
        rows=_rows(written, question),
        worst=[_extreme(one, shown) for one in bad],
        best=[_extreme(one, shown) for one in good],
        withheld=hidden,
        **told,
    )


def texts_sql(asked: Asked, which: Selector, field: str, every: Interval, by: Sequence[str]) -> str:
    """Columns: beginning of the interval (µs UTC), moment, owner, message id, key, text, breakdown."""
    clock, is_one = Clock(asked, every), asked.is_one(which)
    names = [f"b{place}" for place in range(len(by))]
    text = asked.field(field).text
    columns = {"local": clock.local, "message_id": "e.message_id", "key_id": "e.key_id", "words": text}
    columns |= {
        name: f"coalesce({asked.field(one).text}, '{NONE}')" for name, one in zip(names, by, strict=True)
    }
    return statement(
        "insights/sentiment",
        happened=asked.happened(columns, [is_one, f"trim({text}) <> ''"]),
        zone=clock.zone,
        since=asked.values.bind(asked.period.since),
        by="".join(f", {name}" for name in names),
        most=MOST_TEXTS + 1,
    )


def texts_of(asked: Asked, sql: str) -> list[tuple[Any, ...]]:
    """What the statement finds. BadQuestion where it is too much to read."""
    rows = asked.rows(sql)
    if len(rows) > MOST_TEXTS:
        raise BadQuestion(f"more than {MOST_TEXTS} texts; a shorter range or a filter would do")
    return rows


def scored(rows: Iterable[Sequence[Any]], judge: Scorer) -> list[Written]:
    """Each text with its score; the same text is scored once."""
    known: dict[str, float | None] = {}
    found = []
    for begins, moment, _, message_id, key_id, text, *by in rows:
        if text not in known:
            known[text] = judge.score(text)
        found.append(Written(begins, moment, message_id, key_id or "", text, known[text], tuple(by)))
    return found


def mood(place: Place, scores: Sequence[float | None], timezone: str) -> Mood:
    """What some texts come to."""
    known = [score for score in scores if score is not None]
    n, at = len(known), None if place[0] is None else local_time(place[0], timezone)
    mean = sum(known) / n if n else None
    low = high = None
    if mean is not None:
        reach = _Z * sqrt(sum((one - mean) ** 2 for one in known) / max(n - 1, 1) / n)
        low, high = max(mean - reach, -1.0), min(mean + reach, 1.0)
    good, bad = sum(one > _PLAIN for one in known), sum(one < -_PLAIN for one in known)
    return Mood(at, list(place[1]), len(scores), mean, low, high, good, n - good - bad, bad, len(scores) - n)


def _rank(one: Written) -> tuple[float, int, str]:
    return one.score or 0.0, one.moment, one.message_id


def _extreme(one: Written, shown: frozenset[str]) -> Extreme:
    text = one.text if one.key_id in shown else None
    return Extreme(one.message_id, iso(one.moment), one.score or 0.0, text)


def _rows(written: Sequence[Written], question: Sentiment) -> list[Mood]:
    sizes = Counter(one.by for one in written)
    kept = {by for by, _ in sorted(sizes.items(), key=lambda each: (-each[1], each[0]))[: question.top]}
    found: dict[Place, list[float | None]] = defaultdict(list)
    for one in written:
        by = one.by if one.by in kept else (OTHER,) * len(one.by)
        for place in {(one.begins, by), (None, by), (None, ())}:
            found[place].append(one.score)
    order = sorted(found, key=lambda place: (place[0] is None, place[0] or 0, place[1] == (), place[1]))
    return [mood(place, found[place], question.timezone) for place in order]


def sentiment_table(answer: SentimentAnswer) -> Table:
    """One row an interval; the whole range last."""
    numbers = Mood.__struct_fields__[2:]
    columns = ["at", *answer.question.by, *numbers]
    rows: list[list[Any]] = []
    for one in answer.rows:
        by = one.by or [""] * len(answer.question.by)
        rows.append([one.at or "all", *by, *(getattr(one, name) for name in numbers)])
    return Table(columns, rows)
