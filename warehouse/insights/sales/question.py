"""What is asked of a pipeline, and what is answered."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from warehouse.insights.question import Answer, Question

WON: Final = ("won", "closed won", "closedwon", "赢单", "成交", "已成交", "converted", "已转化")
LOST: Final = ("lost", "closed lost", "closedlost", "输单", "丢单", "disqualified", "无效", "已关闭")


class Pipeline(Question, frozen=True, kw_only=True):
    """Leads or deals by stage: conversion, time in stage, win rates, who is stuck, whom to turn to next."""

    since: Annotated[str, Meta(description="Made since: first day or moment, or how far back.")] = "365d"
    of: Annotated[Literal["deals", "leads"], Meta(description="Of which:")] = "deals"
    stages: Annotated[
        tuple[str, ...], Meta(description="Open stages in their order; found from the data where left out.")
    ] = ()
    won: Annotated[tuple[str, ...], Meta(description="Stages that are won.")] = WON
    lost: Annotated[tuple[str, ...], Meta(description="Stages that are lost.")] = LOST
    owners: Annotated[tuple[str, ...], Meta(description="Of these owners alone.")] = ()
    longer: Annotated[str, Meta(description="Longer than this in one stage is stuck: 14d.")] = "14d"
    currency: Annotated[
        str | None, Meta(description="Amounts of this currency are added up; the commonest.")
    ] = None
    kept: Annotated[
        str | None,
        Meta(description="Rank by this kept model of `intent`; the newest useful one, else plainly."),
    ] = None
    limit: Annotated[int, Meta(description="Open ones to list, the likeliest first.")] = 100


class Stage(Struct, frozen=True):
    """An open stage. `entered` were ever in it; of these `onward` went on or won, `lost` were lost from it,
    `standing` are still before that.

    `rate`: onward of those that left, null where none did. `median_days` in the stage by Kaplan and Meier,
    those still in it counted as long as they stood; null where fewer than half left. `open_value`: of those
    that stand in it now.
    """

    stage: str
    entered: int
    onward: int
    lost: int
    standing: int
    rate: float | None
    median_days: float | None
    stuck: int
    open_value: float


class Group(Struct, frozen=True):
    """Of one owner or source; null is nobody. `win_rate`: won of those that are closed, null for none."""

    name: str | None
    n: int
    open: int
    won: int
    lost: int
    win_rate: float | None
    won_value: float
    open_value: float


class Because(Struct, frozen=True):
    """A reason: what was looked at, its value, and by how many points it moves the score; of a model its
    reasons, in log odds.
    """

    what: str
    value: float | None
    points: float


class Open(Struct, frozen=True):
    """One that is open. `score`: 0 to 100, or the model's probability in percent. `step`: what to do next, by
    `evidence`. Moments are ISO 8601, UTC; `days`: in its stage.
    """

    item: str
    name: str | None
    customer: str | None
    owner: str | None
    source: str | None
    stage: str
    days: float
    amount: float | None
    currency: str | None
    stuck: bool
    last_seen: str | None
    score: float
    reasons: list[Because]
    step: str
    evidence: dict[str, str | float | None]


class PipelineAnswer(Answer, frozen=True, kw_only=True):
    """`stages` in order, `owners` and `sources` with most first, `open` ones, the likeliest first.

    `n` were made in the range, `n_mature` of them are closed. `model`: what ranked them, null: the plain
    score. `currency`: of all values; `other_currency`: how many have an amount in another one, which is in no
    sum.
    """

    question: Pipeline
    stages: list[Stage]
    won: int
    lost: int
    owners: list[Group]
    sources: list[Group]
    open: list[Open]
    model: str | None
    currency: str | None
    other_currency: int
