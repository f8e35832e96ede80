"""What a watch may say, and what is said of one that cannot be used."""

import pytest

from warehouse.registry import Registry
from warehouse.watches.definition import is_stopped, published, read_watch
from warehouse.watches.errors import BadWatch
from warehouse.watches.intervals import begin_of, intervals, next_of, season_of
from warehouse.watches.publishing import publish, standing, stop

GOOD = "name: w\ntrend: {events: [A]}\nalarm: {above: 1}\n"
BAD = {
    "": "a file holds one watch",
    "- a": "Expected `object`",
    "name: w": "missing required field `alarm`",
    "a: [": "line",
    GOOD.replace("name: w", "name: A b"): "small letters, digits",
    GOOD.replace("trend", "trendy"): "unknown field `trendy`",
    GOOD.replace("trend: {events: [A]}", ""): "no metric: one of trend, funnel",
    GOOD + "survey: {}": "trend and survey: one of",
    GOOD.replace("[A]", "[A, B]"): "a formula says what is watched",
    GOOD.replace("events: [A]", "events: [A], since: 3d"): "trend.since: a watch says that itself",
    GOOD.replace("events: [A]", "events: [A], every: hour"): "trend.every: a watch says that itself",
    GOOD.replace("events: [A]", "events: [A], timezone: Mars/City"): "timezone 'Mars/City' is not known",
    GOOD + "number: repeat_share": "number goes with service",
    GOOD.replace(
        "trend: {events: [A]}", "service: {}\nnumber: tickets"
    ): "number 'tickets': response_median_s",
    GOOD.replace("above: 1", ""): "one of seasonal, above, below or changed",
    GOOD.replace("above: 1", "above: 1, below: 1"): "below 1.0 is not less than above 1.0",
    GOOD.replace("above: 1", "above: .nan"): "a finite number would do",
    GOOD.replace("above: 1", "changed: 0"): "Expected `float` > 0.0",
    GOOD.replace("above: 1", "above: x"): "Expected `float",
    GOOD.replace("above: 1", "above: 1, least: 0"): "Expected `int` >= 1",
    GOOD.replace("above: 1", "seasonal: {history: 13d}"): "'13d': 14d to 2000d would do",
    GOOD.replace("above: 1", "seasonal: {chance: 0}"): "Expected `float` > 0.0",
    GOOD.replace("above: 1", "seasonal: {}") + "every: hour": "'84d': 14d to 83d would do",
    GOOD.replace("above: 1", "seasonal: {history: 8w}").replace("trend: {events: [A]}", "service: {}")
    + "number: repeat_share": "numbers of the service have fixed limits only",
    GOOD + "wait: soon": "wait 'soon' is no length of time",
    GOOD + "late: soon": "late 'soon' is no length of time",
    GOOD + "funnel: {steps: [A]}": "trend and funnel: one of",
    GOOD.replace("trend: {events: [A]}", "funnel: {steps: [A]}"): "funnel.steps: two or more would do",
}


@pytest.mark.parametrize("text", BAD)
def test_what_cannot_be_used_says_why(text: str) -> None:
    with pytest.raises(BadWatch) as found:
        read_watch(text)
    assert BAD[text] in str(found.value)
    assert "\n" not in str(found.value)


def test_a_watch_is_kept_by_version_and_can_be_stopped(tmp_path: object) -> None:
    registry = Registry.open(f"{tmp_path}/registry.sqlite", now=lambda: 5)
    first = publish(registry, "shop", read_watch(GOOD), "lin")
    assert publish(registry, "shop", read_watch(GOOD), "mo") == first
    assert published(first.text) == read_watch(GOOD)
    second = stop(registry, "shop", "w", "mo")
    assert (second.number, is_stopped(second.text), is_stopped(first.text)) == (2, True, False)
    (told,) = standing(registry)
    assert (told["watch"], told["version"], told["state"], told["open_alerts"]) == ("w", 2, "stopped", 0)
    assert [one.action for one in registry.audited()] == ["watch.stop", "watch.publish", "watch.publish"]
    assert not is_stopped('{"name": "of another version"}')


BERLIN = "Europe/Berlin"
AUTUMN = 1_792_879_200_000_000  # 2026-10-25 00:00 there, a day of 25 hours
HOUR = 3_600_000_000


def test_days_and_weeks_follow_the_local_clock() -> None:
    assert begin_of(AUTUMN + 24 * HOUR, "day", BERLIN) == AUTUMN
    assert next_of(AUTUMN, "day", BERLIN) == AUTUMN + 25 * HOUR
    assert begin_of(AUTUMN, "week", BERLIN) == AUTUMN - 6 * 24 * HOUR
    assert next_of(AUTUMN - 6 * 24 * HOUR, "week", BERLIN) == AUTUMN + 25 * HOUR
    hours = [*intervals(AUTUMN, AUTUMN + 25 * HOUR + 1, "hour", BERLIN)]
    assert (len(hours), hours[-1][1]) == (25, AUTUMN + 25 * HOUR)
    assert [season_of(at, "hour", BERLIN) - 6 * 24 for at, _ in hours[1:4]] == [1, 2, 2]
    assert (season_of(AUTUMN, "day", BERLIN), season_of(AUTUMN, "week", BERLIN)) == (6, 0)
    assert begin_of(AUTUMN + HOUR // 2, "hour", "Asia/Kolkata") == AUTUMN + HOUR // 2
