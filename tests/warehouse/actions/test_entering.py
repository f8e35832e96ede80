"""Who enters, each once, and what holds an entry back: on tables of a lake, with a real registry."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sdk_contract.privacy import Vault
from sdk_contract.privacy.vault import SecretKey
from tests.sessionizer.world import START, Event, plain_lake
from tests.warehouse.insights.asked_lake import lake_of
from tests.warehouse.lakes import DAY, HOUR, NOON, SECOND
from warehouse.actions.entering import enter
from warehouse.actions.entries import Since
from warehouse.actions.published import publish
from warehouse.actions.reading import read_actions
from warehouse.actions.withdrawing import GOOD_US
from warehouse.imports.kinds import LIBRARY
from warehouse.lake import Lake
from warehouse.registry import Registry
from warehouse.registry.actions import OURS
from warehouse.tags import read_tags
from warehouse.tags.evaluation import evaluate
from warehouse.tags.rules import Versioned

VAULT = Vault([SecretKey("abd", "suppress", 1, b"s" * 32)])
HOOK = "destinations:\n  hook: {kind: webhook, url: 'https://example.com/h', secret: s}\n"


class Bench:
    """A lake whose tag `keen` and cohort `vip` are what a test says, and a registry."""

    def __init__(self, root: Path) -> None:
        self.clock = NOON - HOUR
        self.registry = Registry.open(root / "registry.sqlite", now=lambda: self.clock)
        self.lake: Lake = plain_lake()
        self.lake.execute(
            "INSERT INTO cursors VALUES ('stitch', 1, make_timestamptz(?), make_timestamptz(?))", [NOON, NOON]
        )
        self.since = Since()

    def publish(self, rule: str, to: str = HOOK) -> None:
        publish(self.registry, "shop", read_actions(f"{to}actions:\n  greet: {rule}\n"), "test")
        self.clock = NOON + SECOND

    def stay(self, customer: str, entered: int, left: int | None = None, evidence: str = "[]") -> None:
        self.lake.execute(
            "INSERT INTO tag_members VALUES ('shop', 'keen', ?, 1, make_timestamptz(?), make_timestamptz(?),"
            " ?::JSON, make_timestamptz(?))",
            [customer, entered, left, evidence, self.clock],
        )

        self.lake.execute("INSERT INTO customers (project, customer_id) VALUES ('shop', ?)", [customer])

    def known(self, customer: str, kind: str, value: str, key: int) -> None:
        self.lake.execute(
            "INSERT INTO identities (project, identity_key, kind, value, customer_id, first_load_seq)"
            " VALUES ('shop', ?, ?, ?, ?, ?)",
            [key, kind, value, customer, key],
        )

    def said(self, customer: str, name: str, value: Any, at: int = NOON) -> None:
        self.lake.execute(
            "INSERT INTO customer_attributes (project, customer_id, name, value, said_at)"
            " VALUES ('shop', ?, ?, ?::JSON, make_timestamptz(?))",
            [customer, name, json.dumps(value), at],
        )

    def look(self) -> dict[str, str]:
        """State of each customer's newest entry, after one more look."""
        found, self.since = enter(self.lake, self.registry, lambda: VAULT, self.clock, self.since)
        self.last = found
        return {one.customer: one.state for one in reversed(self.registry.entries(limit=10_000))}


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    found = Bench(tmp_path)
    yield found
    found.registry.close()
    found.lake.con.close()


def test_an_entry_is_entered_once_whatever_is_looked_at_again(bench: Bench) -> None:
    bench.publish("{when: {tag: keen}, to: hook}")
    bench.stay("c_1", NOON - 2 * SECOND)
    bench.stay("c_old", NOON - 2 * HOUR)  # before the rule was published
    bench.stay("c_ahead", NOON + DAY)
    assert bench.look() == {"c_1": "waiting"}
    assert bench.look() == {"c_1": "waiting"}
    bench.since = Since()  # as after a kill
    bench.look()
    assert len(bench.registry.entries()) == 1
    assert bench.last.entered == 0


def test_a_stay_that_begins_elsewhere_by_late_events_or_a_merge_is_the_same(bench: Bench) -> None:
    bench.publish("{when: {tag: keen}, to: hook, cap: 9 per 1d}")
    bench.stay("c_1", NOON - 10 * SECOND)
    bench.look()
    bench.lake.execute("DELETE FROM tag_members")
    bench.stay("c_2", NOON - 20 * SECOND)
    bench.lake.execute("INSERT INTO customer_redirects VALUES ('c_0', 'c_2', 1), ('c_1', 'c_0', 1)")
    assert bench.look() == {"c_1": "waiting"}
    bench.lake.execute("DELETE FROM tag_members")
    bench.stay("c_2", NOON - 20 * SECOND, NOON - 15 * SECOND)
    bench.since = Since()
    assert bench.look() == {"c_1": "waiting", "c_2": "waiting"}


def test_the_version_in_force_at_the_moment_is_the_one_that_acts(bench: Bench) -> None:
    bench.publish("{when: {tag: keen}, to: hook}")
    bench.clock = NOON + 10 * SECOND
    bench.publish("{when: {tag: keen}, to: hook, description: new}")
    bench.stay("c_1", NOON - 2 * SECOND)
    assert bench.look() == {"c_1": "waiting"}
    assert [one.version for one in bench.registry.entries()] == [1]


def test_who_leaves_a_tag_and_who_enters_a_cohort(bench: Bench) -> None:
    bench.publish("{when: {tag: keen, on: left}, to: hook}\n  vip: {when: {cohort: vip}, to: hook}")
    bench.stay("c_1", NOON - 3 * DAY, NOON - 2 * SECOND)
    bench.known("c_2", "user_id", "u2", 7)
    bench.lake.execute("INSERT INTO customers (project, customer_id) VALUES ('shop', 'c_2')")
    bench.lake.execute(
        "INSERT INTO cohort_members VALUES ('shop', 'vip', 7, make_timestamptz(?), NULL)", [NOON - SECOND]
    )
    bench.look()
    assert {(one.rule, one.customer) for one in bench.registry.entries()} == {
        ("greet", "c_1"),
        ("vip", "c_2"),
    }
    assert bench.look() == {"c_1": "waiting", "c_2": "waiting"}
    assert len(bench.registry.entries()) == 2


def test_frequency_caps_of_a_rule_and_of_all(bench: Bench) -> None:
    bench.publish(
        "{when: {tag: keen}, to: hook, cap: 2 per 1h}\n"
        "  other: {when: {tag: keen}, to: hook, cap_all: 1 per 1d}"
    )
    for second in range(4):
        bench.stay("c_1", NOON - (10 - second) * SECOND, NOON - (10 - second) * SECOND + 1)
    bench.look()
    states = [(one.rule, one.state) for one in reversed(bench.registry.entries())]
    assert (
        states
        == [("greet", state) for state in ("waiting", "waiting", "capped", "capped")]
        + [("other", "capped")] * 4
    )


def test_consent_is_asked_for_and_its_withdrawal_stops_what_waits(bench: Bench) -> None:
    bench.publish("{when: {tag: keen}, to: hook, consent: marketing}")
    for number, answer in enumerate((True, False, None)):
        bench.stay(f"c_{number}", NOON - 2 * SECOND)
        if answer is not None:
            bench.said(f"c_{number}", "consent", {"marketing": answer})
    assert bench.look() == {"c_0": "waiting", "c_1": "no_consent", "c_2": "no_consent"}
    bench.lake.execute("DELETE FROM customer_attributes")
    bench.said("c_0", "consent", {"marketing": False})
    assert bench.look()["c_0"] == "no_consent"
    assert bench.last.withdrawn == 1
    assert json.loads(bench.registry.entries(customer="c_0")[0].data) == {}


def test_what_waits_for_somebody_follows_a_merge_and_ends_with_an_erasure(bench: Bench) -> None:
    bench.publish("{when: {tag: keen}, to: hook, consent: marketing}")
    for number in range(2):
        bench.stay(f"c_{number}", NOON - 2 * SECOND)
        bench.said(f"c_{number}", "consent", {"marketing": True})
    bench.look()
    bench.lake.execute("UPDATE customers SET customer_id = 'c_9' WHERE customer_id = 'c_0'")
    bench.lake.execute("INSERT INTO customer_redirects VALUES ('c_0', 'c_9', 1)")
    bench.lake.execute("UPDATE customer_attributes SET customer_id = 'c_9' WHERE customer_id = 'c_0'")
    bench.lake.execute("DELETE FROM customers WHERE customer_id = 'c_1'")
    assert bench.look() == {"c_0": "waiting", "c_1": "suppressed"}
    assert json.loads(bench.registry.entries(customer="c_1")[0].data) == {}


def test_who_is_suppressed_while_something_waits_is_not_told_by_any_id(bench: Bench) -> None:
    bench.publish("{when: {tag: keen}, to: hook}")
    for number in range(2):
        bench.stay(f"c_{number}", NOON - 2 * SECOND)
        bench.known(f"c_{number}", "phone", f"+86139000000{number}", 20 + number)
    assert bench.look() == {"c_0": "waiting", "c_1": "waiting"}
    bench.registry.suppress("shop", VAULT.digest("phone", "+861390000001"))
    assert bench.look() == {"c_0": "waiting", "c_1": "suppressed"}
    assert bench.last.withdrawn == 1


def test_consent_is_looked_at_as_long_as_something_waits(bench: Bench) -> None:
    bench.publish("{when: {tag: keen}, to: hook, consent: marketing}\n  free: {when: {tag: keen}, to: hook}")
    bench.stay("c_0", NOON - 2 * SECOND)
    bench.said("c_0", "consent", {"marketing": True})
    bench.look()
    bench.clock += HOUR
    ready = [one.rule for one in bench.registry.ready_entries(bench.clock, 9)]
    assert ready == ["free"]
    bench.look()
    (looked,) = [one for one in bench.registry.entries() if one.rule == "greet"]
    assert looked.good_until == bench.clock + GOOD_US


def test_an_answer_in_an_event_counts_for_whoever_gave_it(bench: Bench) -> None:
    bench.publish("{when: {tag: keen}, to: hook, consent: marketing}")
    bench.stay("c_1", NOON - 2 * SECOND)
    bench.known("c_1", "anonymous_id", "d1", 11)
    for seq, answer in ((1, False), (2, True)):
        context = json.dumps({"consent": {"categoryPreferences": {"marketing": answer}}})
        bench.lake.execute(
            "INSERT INTO events (load_seq, project, subject_key, message_id, timestamp, context)"
            " VALUES (?, 'shop', 11, ?, make_timestamptz(?), ?::JSON)",
            [seq, f"m{seq}", NOON - HOUR + seq, context],
        )
    assert bench.look() == {"c_1": "waiting"}


def test_an_event_that_an_action_led_to_sets_off_none(bench: Bench) -> None:
    bench.publish("{when: {tag: keen}, to: hook, cap: 9 per 1d}")
    bench.known("c_1", "anonymous_id", "d1", 11)
    bench.lake.execute(
        "INSERT INTO events (load_seq, project, subject_key, message_id, timestamp, properties)"
        " VALUES (1, 'shop', 11, 'm1', make_timestamptz(?), '{\"sojourn_action\": \"act_1\"}'::JSON)",
        [NOON],
    )
    bench.stay("c_1", NOON - 5 * SECOND, NOON - 4 * SECOND)
    bench.look()
    bench.stay("c_1", NOON - 2 * SECOND, evidence='["m1"]')
    bench.look()
    assert [one.state for one in bench.registry.entries()] == ["loop", "waiting"]


def test_what_an_action_or_a_crm_tells_is_nothing_the_customer_did() -> None:
    events = [
        Event(1, START, "m1", "track", "d1", event="Viewed"),
        Event(2, START + 3 * DAY, "m2", "track", "d1", event="action_sent", library_name=OURS),
        Event(3, START + 3 * DAY, "m3", "track", "d1", event="Deal Updated", library_name=LIBRARY),
    ]
    lake = lake_of(events)
    tags = read_tags("tags:\n  gone: {when: {last: '*', ago: 2d}}\n  told: {when: {did: action_sent}}\n")
    tags += read_tags("tags:\n  deal: {when: {did: Deal Updated}}\n")
    lake.execute("CREATE TEMP TABLE tag_customers AS SELECT customer_id FROM customers")
    stays = evaluate(lake, "shop", [Versioned(tag, 1) for tag in tags]).to_pylist()
    assert sorted((one["tag"], one["left_at"]) for one in stays) == [
        ("deal", None), ("gone", None), ("told", None),
    ]  # fmt: skip


def test_the_holdout_is_the_same_customers_at_every_entry(bench: Bench) -> None:
    bench.publish("{when: {tag: keen}, to: hook, holdout: 30, cap: 9 per 1d}")
    for number in range(300):
        bench.stay(f"c_{number}", NOON - 9 * SECOND, NOON - 8 * SECOND)
        bench.stay(f"c_{number}", NOON - 2 * SECOND)
    bench.look()
    arms: dict[str, set[str]] = {}
    for one in bench.registry.entries(limit=1000):
        arms.setdefault(one.customer, set()).add(one.state)
    assert all(len(states) == 1 for states in arms.values())
    assert 60 < sum(states == {"withheld"} for states in arms.values()) < 120


def test_who_is_merged_has_the_arm_of_the_customer_that_stays(bench: Bench) -> None:
    """A customer keeps the id that came first, and so the arm; what the other was told stays as it was."""
    bench.publish("{when: {tag: keen}, to: hook, holdout: 50, cap: 9 per 1d}")
    for number in range(40):
        bench.stay(f"c_{number}", NOON - 9 * SECOND, NOON - 8 * SECOND)
    arms = bench.look()
    old = next(customer for customer, arm in arms.items() if arm == "withheld")
    young = next(customer for customer, arm in arms.items() if arm == "waiting")
    bench.lake.execute("INSERT INTO customer_redirects VALUES (?, ?, 1)", [young, old])
    bench.stay(old, NOON - 2 * SECOND)
    bench.look()
    later = bench.registry.entries(customer=old)
    assert [one.state for one in later] == ["withheld", "withheld"]
    assert [one.state for one in bench.registry.entries(customer=young)] == ["waiting"]


def test_what_is_told_of_a_customer_is_what_the_rule_names(bench: Bench) -> None:
    bench.publish("{when: {tag: keen}, to: hook, fields: [plan]}")
    bench.stay("c_1", NOON - 2 * SECOND, evidence='["m7"]')
    bench.known("c_1", "anonymous_id", "d1", 11)
    bench.known("c_1", "user_id", "u1", 12)
    for name, value in (("plan", "pro"), ("email", "ann@example.com"), ("phone", "123")):
        bench.said("c_1", name, value)
    bench.look()
    data = json.loads(bench.registry.entries()[0].data)
    assert data["customer"] == {
        "id": "c_1", "user_id": "u1", "anonymous_id": "d1", "traits": {"plan": "pro"},
    }  # fmt: skip
    assert data["evidence"] == ["m7"]


def test_a_paused_rule_notes_who_enters_and_sends_nothing(bench: Bench) -> None:
    bench.publish("{when: {tag: keen}, to: hook}")
    bench.registry.pause_action("shop", "greet", "test")
    bench.stay("c_1", NOON - 2 * SECOND)
    assert bench.look() == {"c_1": "paused"}
    bench.registry.resume_action("shop", "greet")
    bench.stay("c_2", NOON - SECOND)
    assert bench.look() == {"c_1": "paused", "c_2": "waiting"}


def test_nobody_is_written_to_without_an_address(bench: Bench) -> None:
    mail = "destinations:\n  hook: {kind: email, server: mail.example.com, from: a@example.com}\n"
    bench.publish("{when: {tag: keen}, to: hook, message: {subject: s, text: t}}", mail)
    bench.stay("c_1", NOON - 2 * SECOND)
    bench.stay("c_2", NOON - 2 * SECOND)
    bench.said("c_2", "email", "ann@example.com")
    assert bench.look() == {"c_1": "unreachable", "c_2": "waiting"}
