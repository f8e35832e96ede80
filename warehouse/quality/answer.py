"""What the quality report answers with. Shares are from 0 to 1, days and hours are UTC."""

from __future__ import annotations

from datetime import date, datetime
from typing import NamedTuple

from msgspec import Struct


class Kind(NamedTuple):
    """Events that are counted together: of a track call by name, of every other call by its type."""

    project: str
    type: str | None
    event: str | None

    @property
    def label(self) -> str:
        return self.event or (self.type and f"{self.type} calls") or "events that cannot be read"


class TopReason(Struct, frozen=True):
    """The code and the place that most refused events of a day have."""

    reason: str
    pointer: str | None
    events: int


class EventDay(Struct, frozen=True):
    """One kind of events on one day. On the day that is not over, `volume` and `expected` are those of the
    hours that are.

    `status`: ok, low, high, new or missing. `expected` (median of days before) and `spread` (as of a normal
    deviation) are null where there is too little history to say. Late: received more than an hour or a day
    after it happened.
    """

    project: str
    type: str | None
    event: str | None
    day: date
    whole: bool
    volume: int
    expected: float | None
    spread: float | None
    status: str
    rejected: int
    reject_rate: float
    top_reason: TopReason | None
    late_hour: float
    late_day: float
    duplicates: int
    duplicate_share: float


class PropertyDay(Struct, frozen=True):
    """One property of one kind of events on one day, out of `sampled` events.

    `null_share` counts events without it and with null; `types` are shares of those that have a value;
    `usual_*` say the same of the days before, null where there is too little of them. `planned` is null
    without a plan.
    """

    project: str
    type: str | None
    event: str | None
    day: date
    name: str
    sampled: int
    null_share: float
    types: dict[str, float]
    usual_null_share: float | None
    usual_types: dict[str, float]
    planned: bool | None
    required: bool
    drifting: bool


class NewProperty(Struct, frozen=True):
    """A property that was not there before, and that no plan names; `share` of the events since then."""

    project: str
    type: str | None
    event: str | None
    name: str
    first_seen: datetime
    example_type: str
    share: float
    in_plan: bool | None


class SdkDay(Struct, frozen=True):
    """One version of one SDK on one day of receipt; `new` where its project had never seen it before."""

    project: str
    library: str
    version: str | None
    day: date
    events: int
    share: float
    new: bool


class Spike(Struct, frozen=True):
    """An hour with far more events than the same hour of the two weeks before (`usual` is their median)."""

    project: str
    type: str | None
    event: str | None
    hour: datetime
    volume: int
    usual: float


class Contradiction(Struct, frozen=True):
    """An attribute that says different things of the same customers."""

    project: str
    attribute: str
    customers: int
    contradictory: int


class Finding(Struct, frozen=True):
    """Something to look at. `severity`: error, warning or info; `days` are those on which it showed, `look`
    is what to do next.
    """

    severity: str
    kind: str
    project: str
    what: str
    days: tuple[date, ...]
    look: str
    weight: float = 0.0


class Quality(Struct, frozen=True):
    """The whole report. Everything received before `complete_until` is in it."""

    complete_until: datetime
    since: date
    until: date
    sample: int
    left_out: int
    findings: list[Finding]
    events: list[EventDay]
    properties: list[PropertyDay]
    new_properties: list[NewProperty]
    sdks: list[SdkDay]
    spikes: list[Spike]
    contradictions: list[Contradiction]
