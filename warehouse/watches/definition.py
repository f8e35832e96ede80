"""What a watch is: a metric, how often, and what is an alarm."""

from __future__ import annotations

import re
from math import isfinite
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta, Struct

from sdk_contract.yaml_places import YamlError, read_trees
from warehouse.insights.errors import BadQuestion
from warehouse.insights.funnel import Funnel
from warehouse.insights.period import period, span
from warehouse.insights.question import Question
from warehouse.insights.service import Service
from warehouse.insights.survey import Survey
from warehouse.insights.trend import Trend
from warehouse.watches.errors import BadWatch

DAY_US: Final = 86_400_000_000
LENGTHS: Final = {"hour": DAY_US // 24, "day": DAY_US, "week": 7 * DAY_US}
SERVICE_NUMBERS: Final = (
    *("response_median_s", "response_p90_s", "resolution_median_s", "resolution_p90_s", "repeat_share"),
)
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,79}")
_METRICS: Final = ("trend", "funnel", "survey", "service")
_OURS: Final = ("project", "since", "until", "every", "by", "rolling")
_CAUSES: Final = ("device_type", "os_name", "browser", "country", "channel", "campaign_source")
_MOST_HISTORY: Final = 2_000


class Season(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An alarm where chance alone would seldom go, by the intervals before and their place in the week."""

    history: Annotated[str, Meta(description="How far back an interval is compared.")] = "84d"
    chance: Annotated[float, Meta(gt=0, lt=0.5, description="How seldom chance may raise an alarm.")] = 0.005


class Alarm(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is an alarm; at least one of the four tests."""

    seasonal: Annotated[Season | None, Meta(description="Off its own past.")] = None
    above: Annotated[float | None, Meta(description="Over this limit.")] = None
    below: Annotated[float | None, Meta(description="Under this limit.")] = None
    changed: Annotated[
        Annotated[float, Meta(gt=0)] | None,
        Meta(description="So many percent off the same interval a week before."),
    ] = None
    direction: Annotated[Literal["any", "up", "down"], Meta(description="Which way counts.")] = "any"
    least: Annotated[
        int, Meta(ge=1, le=1_000_000_000, description="Smaller counts, or rates of fewer, never raise one.")
    ] = 100


class Watch(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A metric of one insight, by hours, days or weeks, and what of it is an alarm."""

    name: Annotated[str, Meta(description="Small letters, digits, - and _.")]
    alarm: Annotated[Alarm, Meta(description="What is an alarm.")]
    description: Annotated[str, Meta(max_length=2_000, description="What it is for, and whom to tell.")] = ""
    every: Annotated[Literal["hour", "day", "week"], Meta(description="Length of an interval.")] = "day"
    trend: Annotated[Trend | None, Meta(description="One series, or several by a formula.")] = None
    funnel: Annotated[Funnel | None, Meta(description="The share that reaches the last step.")] = None
    survey: Annotated[Survey | None, Meta(description="The score of a survey.")] = None
    service: Annotated[Service | None, Meta(description="A number of the service; name it by `number`.")] = (
        None
    )
    number: Annotated[str | None, Meta(description="Which number of the service.")] = None
    cause: Annotated[tuple[str, ...], Meta(max_length=8, description="Fields to look for causes in.")] = (
        _CAUSES
    )
    severity: Annotated[Literal["warning", "critical"], Meta(description="Of its alerts, at least.")] = (
        "warning"
    )
    wait: Annotated[str | None, Meta(description="How long after its end an interval is judged.")] = None
    late: Annotated[str, Meta(description="How long late events can still correct one.")] = "7d"
    stopped: Annotated[bool, Meta(description="Kept, and not looked at.")] = False

    @property
    def question(self) -> Question:
        """The one that is asked."""
        (asked,) = (found for name in _METRICS if (found := getattr(self, name)) is not None)
        found_: Question = asked
        return found_

    @property
    def matures(self) -> int:
        """µs after its end until all that an interval waits for could have happened."""
        wait = span("wait", self.wait) if self.wait else 0
        if self.funnel is not None:
            return wait + span("within", self.funnel.within)
        if self.service is not None and self.number == "repeat_share":
            return wait + span("again", self.service.again)
        return wait


def read_watch(text: str) -> Watch:
    """A watch as YAML or JSON. BadWatch says which field will not do."""
    try:
        trees = read_trees(text)
        if len(trees) != 1:
            raise BadWatch("a file holds one watch: a name, a metric and an alarm")
        return checked(msgspec.convert(trees[0].root, Watch))
    except YamlError as error:
        raise BadWatch(str(error)) from None
    except msgspec.MsgspecError as error:
        raise BadWatch(f"the watch cannot be read: {error}") from None


def published(text: str) -> Watch:
    """A watch as the registry keeps it. BadWatch where another version of this program wrote it."""
    try:
        return msgspec.json.decode(text, type=Watch)
    except msgspec.MsgspecError as error:
        raise BadWatch(f"the watch cannot be read: {error}; publish it again") from None


def is_stopped(text: str) -> bool:
    """Whether a watch, as the registry keeps it, is not to be looked at."""
    try:
        return published(text).stopped
    except BadWatch:
        return False


def checked(watch: Watch) -> Watch:
    """The watch, when it can be used. BadWatch."""
    if not _NAME.fullmatch(watch.name):
        raise BadWatch(f"name {watch.name[:80]!r}: small letters, digits, - and _ would do")
    given = [name for name in _METRICS if getattr(watch, name) is not None]
    if len(given) != 1:
        raise BadWatch(f"{' and '.join(given) or 'no metric'}: one of {', '.join(_METRICS)} would do")
    _check_question(given[0], watch.question)
    if (watch.service is None) != (watch.number is None):
        raise BadWatch("number goes with service, and service with a number")
    if watch.service is not None and watch.number not in SERVICE_NUMBERS:
        raise BadWatch(f"number {watch.number!r}: {', '.join(SERVICE_NUMBERS)} would do")
    if watch.funnel is not None and len(watch.funnel.steps) < 2:
        raise BadWatch("funnel.steps: two or more would do")
    if watch.trend is not None and len(watch.trend.events) > 1 and watch.trend.formula is None:
        raise BadWatch("trend.events: of several series a formula says what is watched, such as A / B")
    try:
        _check_times(watch)
    except BadQuestion as error:
        raise BadWatch(str(error)) from None
    _check_alarm(watch)
    return watch


def _check_question(metric: str, asked: Question) -> None:
    for field in msgspec.structs.fields(type(asked)):
        if field.name in _OURS and getattr(asked, field.name) != field.default:
            raise BadWatch(f"{metric}.{field.name}: a watch says that itself; leave it out")


def _check_times(watch: Watch) -> None:
    period("1d", None, watch.question.timezone, 2 * DAY_US)
    span("late", watch.late)
    _ = watch.matures


def _check_alarm(watch: Watch) -> None:
    alarm = watch.alarm
    if all(test is None for test in (alarm.seasonal, alarm.above, alarm.below, alarm.changed)):
        raise BadWatch("alarm: one of seasonal, above, below or changed would do")
    limits = {"above": alarm.above, "below": alarm.below, "changed": alarm.changed}
    for name, limit in limits.items():
        if limit is not None and not isfinite(limit):
            raise BadWatch(f"alarm.{name} {limit}: a finite number would do")
    if alarm.above is not None and alarm.below is not None and alarm.below >= alarm.above:
        raise BadWatch(f"alarm: below {alarm.below} is not less than above {alarm.above}")
    if alarm.seasonal is None:
        return
    if watch.service is not None:
        raise BadWatch("alarm.seasonal: numbers of the service have fixed limits only: above, below, changed")
    least = 8 * LENGTHS["week"] if watch.every == "week" else 2 * LENGTHS["week"]
    if (
        not least
        <= span("alarm.seasonal.history", alarm.seasonal.history)
        <= _MOST_HISTORY * LENGTHS[watch.every]
    ):
        raise BadWatch(
            f"alarm.seasonal.history {alarm.seasonal.history!r}: {least // DAY_US}d to"
            f" {_MOST_HISTORY * LENGTHS[watch.every] // DAY_US}d would do"
        )
