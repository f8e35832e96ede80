"""Rules and destinations as people write them, and what is computed of them alone."""

from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path

import pytest

from warehouse.actions.addresses import is_public
from warehouse.actions.errors import BadAction
from warehouse.actions.keys import entry_id, is_held_out
from warehouse.actions.pacing import Circuit, pause
from warehouse.actions.published import publish
from warehouse.actions.quiet import leaves_at
from warehouse.actions.reading import read_actions, read_rule
from warehouse.actions.rules import Cap, Quiet
from warehouse.actions.templates import render
from warehouse.registry import Registry
from warehouse.tags.rules import All, Last

SECOND, DAY = 1_000_000, 86_400_000_000


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * SECOND


def test_a_rule_with_all_it_may_say() -> None:
    rule = read_rule(
        "cart",
        {
            "when": {"stuck": ["Cart Viewed", "Checkout Started"], "next": "Order Completed", "over": "72h"},
            "to": "hook", "cap": "2 per 7d", "consent": "marketing", "holdout": 12.5, "late": "2d",
            "quiet": {"from": "22:00", "until": "08:00", "timezone": "Asia/Shanghai"}, "fields": ["plan"],
        },
    )  # fmt: skip
    assert rule.condition is not None
    assert isinstance(rule.condition.when, All)
    standing = rule.condition.when.of[1]
    assert isinstance(standing, Last)
    assert standing.ago == 3 * DAY
    assert (rule.trigger.name, rule.cap, rule.cap_all) == ("action:cart", Cap(2, 7 * DAY), Cap(5, DAY))
    assert (rule.holdout, rule.late, rule.quiet) == (0.125, 2 * DAY, Quiet(1320, 480, "Asia/Shanghai"))


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("{to: hook}", "`when` is missing"),
        ("{when: {tag: a}, to: hook, holdouts: 5}", "near it: 'holdout'"),
        ("{when: {tag: a}, to: hook, holdout: 95}", "0 to 90"),
        ("{when: {tag: a}, to: hook, cap: often}", "1 per 7d"),
        ("{when: {tag: a, on: sideways}, to: hook}", "entered or left"),
        ("{when: {stuck: [A], over: 3h}, to: hook}", "next"),
        ("{when: {tag: a}, to: hook, quiet: {from: '25:00', until: '1:00', timezone: UTC}}", "22:00"),
        ("{when: {tag: a}, to: hook, quiet: {from: '1:00', until: '2:00', timezone: Mars}}", "Asia/Shanghai"),
        ("{when: {tag: a}, to: hook, message: {text: '{{ x'}}", "is no template"),
        ("{when: {tag: a}, to: hook, consent: 'a\" or'}", "consent"),
        ("{when: {alert: a, severity: huge}, to: hook}", "warning or critical"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_what_would_do(rule: str, words: str) -> None:
    with pytest.raises(BadAction, match="action 'greet'") as refused:
        read_actions(f"actions:\n  greet: {rule}\n")
    assert words in str(refused.value)


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("{kind: pigeon}", "webhook"),
        ("{kind: webhook, url: 'https://a.example'}", "secret is missing"),
        ("{kind: webhook, url: 'ftp://a', secret: s}", "is no address"),
        ("{kind: webhook, url: 'https://u:p@a.example', secret: s}", "password"),
        ("{kind: webhook, url: 'https://{{ x }}.example', secret: s}", "is no address"),
        ("{kind: webhook, url: 'https://a.example', secret: 'whsec_abc+/='}", "is no name of a secret"),
        ("{kind: wecom, url: 'https://a.example'}", "is not known of wecom"),
        ("{kind: rest, url: 'https://a.example', method: DELETE}", "POST"),
        ("{kind: email, server: a, from: nobody}", "is no address"),
    ],
)
def test_destinations_are_checked_and_hold_no_secret(said: str, words: str) -> None:
    with pytest.raises(BadAction, match="destination 'hook'") as refused:
        read_actions(f"destinations:\n  hook: {said}\n")
    assert words in str(refused.value)


def test_a_rule_goes_where_something_is(tmp_path: Path) -> None:
    registry = Registry.open(tmp_path / "registry.sqlite", now=lambda: 1)
    with pytest.raises(BadAction, match="no destination 'hook'"):
        publish(registry, "shop", read_actions("actions:\n  greet: {when: {tag: a}, to: hook}\n"), "test")
    text = "destinations:\n  hook: {kind: wecom, url_secret: u}\nactions:\n  a: {when: {tag: a}, to: hook}\n"
    with pytest.raises(BadAction, match=r"message\.text is missing"):
        publish(registry, "shop", read_actions(text), "test")
    assert not registry.action_destinations()
    registry.close()


@pytest.mark.parametrize(
    ("moment", "leaves"),
    [
        ("2026-11-21T13:59:00", "2026-11-21T13:59:00"),
        ("2026-11-21T14:00:00", "2026-11-22T00:00:00"),
        ("2026-11-21T23:59:59", "2026-11-22T00:00:00"),
        ("2026-11-22T00:00:00", "2026-11-22T00:00:00"),
    ],
)
def test_quiet_hours_over_midnight_in_a_time_zone(moment: str, leaves: str) -> None:
    quiet = Quiet(22 * 60, 8 * 60, "Asia/Shanghai")
    assert leaves_at(quiet, at(moment)) == at(leaves)


def test_quiet_hours_on_the_night_that_has_an_hour_more() -> None:
    quiet = Quiet(60, 180, "Europe/Berlin")  # 25 October 2026: 02:00 to 03:00 comes twice
    assert leaves_at(quiet, at("2026-10-24T23:30:00")) == at("2026-10-25T02:00:00")
    assert leaves_at(quiet, at("2026-10-25T02:00:00")) == at("2026-10-25T02:00:00")


def test_keys_and_holdouts_follow_from_the_entry_alone() -> None:
    assert entry_id("p", "r", 1, "c", 5) == entry_id("p", "r", 1, "c", 5)
    ids = {entry_id(*one) for one in (("p", "r", 1, "c", 5), ("p", "r", 2, "c", 5), ("p", "r", 1, "c", 6))}
    assert len(ids) == 3
    held = [is_held_out("k", "p", "r", f"c_{number}", 0.2) for number in range(2000)]
    assert 340 < sum(held) < 460
    assert held != [is_held_out("k", "p", "other", f"c_{number}", 0.2) for number in range(2000)]


def test_templates_read_and_do_nothing() -> None:
    told = {"customer": {"id": "<b>"}}
    assert render("{{ customer.id }}", told) == "<b>"
    assert render("{{ customer.id }}", told, html=True) == "&lt;b&gt;"
    for text in (
        "{{ nobody }}",
        "{{ ''.__class__ }}",
        "{{ customer.items() }}",
        "{{ 'a' * 9999999 }}",
        "{{ '%99999999d' % 1 }}",
        "{{ 1/0 }}",
    ):
        with pytest.raises(BadAction):
            render(text, told)
    for text in ("{{ 'a' * 9999999 }}", "{{ '%99999999d' % 1 }}", "{{ 9 ** 9 }}"):
        with pytest.raises(BadAction, match="is of numbers"):
            render(text, told)


@pytest.mark.parametrize(
    ("text", "public"),
    [
        ("93.184.216.34", True), ("10.1.2.3", False), ("100.64.0.1", False), ("169.254.169.254", False),
        ("::1", False), ("::ffff:10.0.0.1", False), ("64:ff9b::a00:1", False), ("fd00::1", False),
        ("2606:4700::1111", True), ("224.0.0.1", False), ("0.0.0.0", False),
    ],
)  # fmt: skip
def test_which_addresses_are_public(text: str, public: bool) -> None:
    assert is_public(ip_address(text)) is public


def test_pauses_grow_and_a_circuit_opens_for_one_probe() -> None:
    assert [pause(n, 5, 3600, lambda: 0.0) for n in (0, 1, 2, 20)] == [5, 10, 20, 3600]
    assert pause(0, 5, 3600, lambda: 1.0) == 2.5
    circuit = Circuit()
    for _ in range(5):
        assert circuit.may(0)
        circuit.began()
        circuit.ended(False, 0)
    assert not circuit.may(9 * SECOND)
    assert circuit.may(10 * SECOND)
    circuit.began()
    assert not circuit.may(10 * SECOND)
    circuit.ended(True, 10 * SECOND)
    assert circuit.may(10 * SECOND)
