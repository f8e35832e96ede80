"""The pipeline of a CRM's leads or deals, joined with behaviour."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from warehouse.insights.asked import Asked, asking
from warehouse.insights.errors import BadQuestion, unknown
from warehouse.insights.period import span
from warehouse.insights.question import require
from warehouse.insights.sales.intent import scores
from warehouse.insights.sales.items import Item, items, order
from warehouse.insights.sales.question import Group, Open, Pipeline, PipelineAnswer, Stage
from warehouse.insights.sales.scoring import Scores
from warehouse.insights.sales.stages import DAY_US, Ways, median_days, stays_of
from warehouse.insights.sales.steps import next_step
from warehouse.insights.tables import Table
from warehouse.lake import Lake
from warehouse.statements import statement
from warehouse.times import iso

_MOST = 1_000


def pipeline(lake: Lake, question: Pipeline, now: int) -> PipelineAnswer:
    """By every state that came until the end of the range. `now`: µs UTC. BadQuestion, UnknownName."""
    _check(question)
    ranking = scores(lake, question, now)
    with asking(lake, question, now) as asked:
        sql = _sql(asked, question)
        found = [one for one in items(asked.rows(sql)) if asked.period.since <= one.created]
        if question.owners:
            found = _owned(found, question.owners)
        view = _View(found, question, min(asked.period.until, asked.complete_us or now), ranking)
        told = asked.told(sql, len(found), view.closed)
    return PipelineAnswer(
        question=question,
        stages=view.stages(),
        won=view.outcomes["won"],
        lost=view.outcomes["lost"],
        owners=view.groups(lambda one: one.now.owner),
        sources=view.groups(lambda one: one.now.source),
        open=view.open(),
        model=ranking.model,
        currency=view.currency,
        other_currency=view.other_currency,
        **told,
    )


def _check(question: Pipeline) -> None:
    if question.where:
        raise BadQuestion("where: a pipeline has no filters of events; --owners narrows it")
    require(question, limit=(0, _MOST), stages=(0, 50), won=(1, 50), lost=(1, 50), owners=(0, 200))


def _sql(asked: Asked, question: Pipeline) -> str:
    bind = asked.values.bind
    return statement(
        "insights/pipeline",
        kind=bind(question.of),
        project=bind(asked.project),
        seq=bind(asked.seq),
        until=bind(asked.period.until),
        fortnight=bind(14 * DAY_US),
        month=bind(30 * DAY_US),
    )


def _owned(found: Sequence[Item], owners: Sequence[str]) -> list[Item]:
    known = {one.now.owner for one in found if one.now.owner}
    for name in owners:
        if name not in known:
            raise unknown("owner", name, known)
    return [one for one in found if one.now.owner in owners]


class _View:
    """The items as they stand at a moment."""

    def __init__(self, found: Sequence[Item], question: Pipeline, at: int, ranking: Scores) -> None:
        self._found, self._question, self._at, self._ranking = found, question, at, ranking
        won, lost = (frozenset(name.lower() for name in names) for names in (question.won, question.lost))
        names = [*question.stages] or order(found, won | lost)
        self._ways = Ways({name: place for place, name in enumerate(names)}, won, lost)
        self._longer = span("longer", question.longer)
        self._outcome = [self._ways.outcome(one) for one in found]
        self.outcomes = Counter(self._outcome)
        self.closed = self.outcomes["won"] + self.outcomes["lost"]
        used = Counter(one.now.currency for one in found if one.now.amount is not None)
        self.currency = question.currency or (used.most_common(1)[0][0] if used else None)
        self.other_currency = sum(n for name, n in used.items() if name != self.currency)

    def stages(self) -> list[Stage]:
        return [self._stage(name, place) for name, place in self._ways.places.items()]

    def groups(self, of: Callable[[Item], str | None]) -> list[Group]:
        """By what `of` says, those with most first."""
        sizes = Counter(of(one) or None for one in self._found)
        names = sorted(sizes, key=lambda name: (-sizes[name], name or ""))
        return [self._group(name, [of(one) or None for one in self._found]) for name in names]

    def open(self) -> list[Open]:
        found = [self._open(one) for one, is_ in self._with_outcomes() if is_ == "open"]
        return sorted(found, key=lambda one: (-one.score, -(one.amount or 0), one.item))[
            : self._question.limit
        ]

    def _stage(self, name: str, place: int) -> Stage:
        fates = Counter(self._ways.fate(one, place) for one in self._found)
        left = fates["onward"] + fates["lost"]
        here = [one for one, is_ in self._with_outcomes() if is_ == "open" and one.stage == name]
        return Stage(
            stage=name,
            entered=left + fates["standing"],
            onward=fates["onward"],
            lost=fates["lost"],
            standing=fates["standing"],
            rate=fates["onward"] / left if left else None,
            median_days=median_days(*stays_of(self._found, name, self._at)),
            stuck=sum(self._is_stuck(one) for one in here),
            open_value=sum(map(self._worth, here)),
        )

    def _group(self, name: str | None, names: list[str | None]) -> Group:
        own = [pair for pair, of in zip(self._with_outcomes(), names, strict=True) if of == name]
        count = Counter(is_ for _, is_ in own)
        closed = count["won"] + count["lost"]
        return Group(
            name=name,
            n=len(own),
            open=count["open"],
            won=count["won"],
            lost=count["lost"],
            win_rate=count["won"] / closed if closed else None,
            won_value=sum(self._worth(one) for one, is_ in own if is_ == "won"),
            open_value=sum(self._worth(one) for one, is_ in own if is_ == "open"),
        )

    def _open(self, one: Item) -> Open:
        now, places = one.now, self._ways.places
        progress = places[one.stage] / max(len(places), 1) if one.stage in places else 0.0
        score, reasons = self._ranking.of(now, progress, self._at)
        step, evidence = next_step(one, self._at, self._longer)
        return Open(
            item=now.item,
            name=now.name,
            customer=now.customer,
            owner=now.owner,
            source=now.source,
            stage=one.stage,
            days=round((self._at - one.stays[-1][1]) / DAY_US, 2),
            amount=now.amount,
            currency=now.currency,
            stuck=self._is_stuck(one),
            last_seen=None if now.last_seen is None else iso(now.last_seen),
            score=score,
            reasons=reasons,
            step=step,
            evidence=evidence,
        )

    def _with_outcomes(self) -> list[tuple[Item, str]]:
        return list(zip(self._found, self._outcome, strict=True))

    def _is_stuck(self, one: Item) -> bool:
        return self._at - one.stays[-1][1] > self._longer

    def _worth(self, one: Item) -> float:
        return one.now.amount or 0.0 if one.now.currency == self.currency else 0.0


def pipeline_table(answer: PipelineAnswer) -> Table:
    """One row for each open one, the likeliest first."""
    columns = ["item", "name", "owner", "stage", "days", "amount", "score", "step", "reasons"]
    rows = []
    for one in answer.open:
        why = "; ".join(f"{because.what} {because.value} ({because.points:+g})" for because in one.reasons)
        plain = [one.item, one.name, one.owner, one.stage, one.days, one.amount, one.score, one.step]
        rows.append([*plain, why])
    return Table(columns, rows)
