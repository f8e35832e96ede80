"""Each interval is judged once, when it is complete; what comes late corrects it; what recovers closes."""

from pathlib import Path

import pytest

from tests.sessionizer.world import START
from tests.warehouse.watches.shop_days import CVR, DAY, ORDERS, Shop
from warehouse.insights.errors import BadQuestion
from warehouse.registry.alerts import Kept
from warehouse.watches import rehearse
from warehouse.watches.definition import read_watch

DAYS = 18


@pytest.fixture(scope="module")
def orders() -> list[int]:
    """Day 15 has 3 orders instead of 30."""
    return [3 if day == 15 else ORDERS for day in range(DAYS)]


def test_an_alert_from_the_drop_to_its_recovery(tmp_path: Path, orders: list[int]) -> None:
    shop = Shop(tmp_path, orders)
    watch = shop.publish(CVR, 14.2)
    assert shop.look(watch, 14.9).kept == Kept()
    assert shop.look(watch, 15).kept == Kept(judged=1)
    assert shop.look(watch, 15.999).kept == Kept()
    assert shop.look(watch, 16).kept == Kept(judged=1, raised=1)
    assert shop.look(watch, 16.5).kept == Kept()
    (alert,) = shop.registry.alerts()
    assert (alert.at, alert.until) == (START + 15 * DAY, START + 16 * DAY)
    assert (alert.version, alert.value, alert.n, alert.expected) == (1, 0.025, 120, 0.25)
    assert (alert.direction, alert.severity, alert.state) == ("down", "warning", "open")
    assert alert.low is not None
    assert alert.low > alert.value
    shop.registry.change_alert(alert.no, "acknowledged", by="lin", reason="the till is broken")
    assert shop.registry.open_alerts() == {("warning", "acknowledged"): 1}
    assert shop.look(watch, 17).kept == Kept(judged=1, recovered=1)
    (alert,) = shop.registry.alerts()
    assert [(one.state, one.by) for one in alert.changes] == [("acknowledged", "lin"), ("closed", "sojourn")]
    assert alert.changes[1].reason == "recovered: a later interval was usual, 0.25"
    assert shop.registry.open_alerts() == {}


def test_causes_are_of_the_same_day_a_week_before(tmp_path: Path, orders: list[int]) -> None:
    shop = Shop(tmp_path, [ORDERS + 20 if day == 14 else one for day, one in enumerate(orders)])
    text = CVR.replace("alarm: {", "alarm: {least: 20, ")
    watch = shop.publish(text, 15.5)
    shop.look(watch, 16)
    (alert,) = shop.registry.alerts()
    whole = next(one for one in alert.causes if one["values"] == ["mobile"])
    assert (whole["fields"], whole["before"], whole["after"]) == (["device_type"], 0.75, 0.075)
    assert whole["change"] == pytest.approx(-27 / 120)


def test_late_events_correct_and_do_not_raise_twice(tmp_path: Path, orders: list[int]) -> None:
    shop = Shop(tmp_path, orders)
    watch = shop.publish(CVR, 15.5)
    assert shop.look(watch, 16).kept == Kept(judged=1, raised=1)
    shop.order(15, 3, 10)
    assert shop.look(watch, 16.2).kept == Kept(corrected=1)
    (alert,) = shop.registry.alerts()
    assert (alert.state, alert.value) == ("open", 0.025)
    assert alert.changes[0].reason == "late events: 0.025 of 120 became 0.08333333333333333 of 120"
    shop.order(15, 10, ORDERS)
    assert shop.look(watch, 16.3).kept == Kept(corrected=1)
    assert shop.look(watch, 16.4).kept == Kept()
    (alert,) = shop.registry.alerts()
    assert (alert.state, len(alert.changes), alert.value) == ("closed", 2, 0.025)
    assert shop.registry.judgements(watch)[0].value == 0.25


def test_late_events_can_raise_an_alert_that_a_later_day_closes(tmp_path: Path) -> None:
    shop = Shop(tmp_path, [ORDERS] * DAYS)
    watch = shop.publish(CVR, 15.5)
    assert shop.look(watch, 17).kept == Kept(judged=2)
    shop.order(15, ORDERS, 100)
    assert shop.look(watch, 17.1).kept == Kept(raised=1, corrected=1, recovered=1)
    (alert,) = shop.registry.alerts()
    assert (alert.direction, alert.state) == ("up", "closed")


def test_a_funnel_waits_for_the_window_of_its_last_entry(tmp_path: Path) -> None:
    shop = Shop(tmp_path, [ORDERS] * 4)
    text = "name: w\nfunnel: {steps: [Viewed, Ordered], within: 12h}\nalarm: {above: 0.2}\nwait: 6h\n"
    watch = shop.publish(text, 2.5)
    assert shop.look(watch, 3.74).kept == Kept()
    assert shop.look(watch, 3.75).kept == Kept(judged=1, raised=1)


def test_what_comes_later_than_late_corrects_nothing(tmp_path: Path) -> None:
    shop = Shop(tmp_path, [ORDERS] * DAYS)
    watch = shop.publish(CVR + "late: 1d\n", 14.5)
    shop.look(watch, 17)
    shop.order(14, ORDERS, 100)
    assert shop.look(watch, 17.1).kept == Kept()
    shop.order(16, ORDERS, 100)
    assert shop.look(watch, 17.2).kept == Kept(corrected=1, raised=1)


def test_the_next_version_begins_where_the_one_before_ends(tmp_path: Path) -> None:
    shop = Shop(tmp_path, [ORDERS] * DAYS)
    first = shop.publish(CVR, 13.5)
    second = shop.publish(CVR.replace("14d", "15d"), 15.5)
    again = shop.publish(CVR.replace("14d", "15d"), 15.6)
    assert (first.number, second.number, again) == (1, 2, second)
    assert shop.look(first, 17, second).kept == Kept(judged=2)
    assert shop.look(second, 17).kept == Kept(judged=2)
    days = [[(one.at - START) // DAY for one in shop.registry.judgements(watch)] for watch in (first, second)]
    assert days == [[13, 14], [15, 16]]


def test_a_metric_that_cannot_be_asked_for_says_so(tmp_path: Path) -> None:
    shop = Shop(tmp_path, [ORDERS] * 3)
    watch = shop.publish("name: w\ntrend: {events: [Refunded]}\nalarm: {above: 1}\n", 1.5)
    with pytest.raises(BadQuestion, match="Refunded"):
        shop.look(watch, 2)
    assert shop.registry.judgements(watch) == []


METRICS = {
    "trend: {events: [Ordered], measure: units}": (30.0, 30.0),
    "trend: {events: [Ordered, Viewed], formula: A / B * 100}": (25.0, 120.0),
    "trend: {events: [Viewed, Ordered], formula: A - B}": (90.0, 150.0),
    "trend: {events: ['*'], measure: events_per_unit}": (1.25, 150.0),
    "funnel: {steps: [Viewed, Ordered], within: 1h}": (0.25, 120.0),
}


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    shop = Shop(tmp_path_factory.mktemp("plain"), [ORDERS] * 10)
    shop.lake.execute("UPDATE cursors SET complete_until = make_timestamptz(?)", [START + 9 * DAY])
    return shop


@pytest.mark.parametrize("metric", METRICS)
def test_metrics_of_each_kind(plain: Shop, metric: str) -> None:
    watch = read_watch(f"name: w\n{metric}\nalarm: {{above: 1000, changed: 10}}\n")
    found = rehearse(plain.lake, watch, "shop", START + 7 * DAY + 5, START + 12 * DAY)
    days = 1 if watch.funnel else 2  # the window of the last day is not over
    assert [((one.at - START) // DAY, one.verdict) for one in found] == [(7, "usual"), (8, "usual")][:days]
    assert {(one.value, one.n) for one in found} == {METRICS[metric]}


def test_scores_and_service_numbers(plain: Shop) -> None:
    score = "name: w\nsurvey: {event: Ordered, field: load_seq, kind: nps}\nalarm: {below: 0}\n"
    assert rehearse(plain.lake, read_watch(score), "shop", START + DAY, START + 9 * DAY)[0].value is None
    text = """
        name: w
        service: {opened: Viewed, answered: Ordered, resolved: Ordered, ticket: anonymous_id, within: 1d}
        number: response_median_s
        alarm: {above: 59, least: 30}
        """
    found = rehearse(plain.lake, read_watch(text), "shop", START + 7 * DAY, START + 9 * DAY)
    assert [(one.value, one.n, one.verdict) for one in found] == [(60.0, 30.0, "alarm")] * 2


def test_hours_by_a_clock_that_goes_back(plain: Shop) -> None:
    text = "name: w\nevery: hour\ntrend: {events: ['*'], timezone: Asia/Shanghai}\nalarm: {above: 0}\n"
    found = rehearse(plain.lake, read_watch(text), "shop", START + 8 * DAY, START + 9 * DAY)
    assert [one.value for one in found] == [12.0 + 12.0] * 2 + [12.0 + 6] + [12.0] * 7 + [0.0] * 14
