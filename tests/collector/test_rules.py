"""Rules of keys: built from the registry, swapped while the door runs; a broken one replaces nothing."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from sdk_contract.plan import Plan, read_plan
from sdk_contract.privacy import PRESETS, SecretKey, Vault
from sdk_contract.verdicts import Reason, Verdict
from tests.collector.running import Running, now, running
from warehouse.registry import Key, Registry
from warehouse.rules import KeyRules, RuleBook
from warehouse.secrets import Secrets

PAID = {"event": "Paid", "userId": "mei", "properties": {"amount": "a lot"}}


def plan(version: str, amount: str = "number", unplanned: str = "warn", consent: str = "") -> Plan:
    event = f"event: Paid\nproperties: {{type: object, properties: {{amount: {{type: {amount}}}}}}}\n"
    text = f"version: {version}\nunplanned: {unplanned}\n"
    return read_plan(
        {"plan.yaml": text, "events/paid.yaml": event + (f"consent: {consent}\n" if consent else "")}
    )


VAULT = Vault(
    SecretKey(name, name, 1, name.encode() * 8) for name in ("hash", "encrypt", "quarantine", "suppress")
)


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[Registry]:
    found = Registry.open(tmp_path / "registry.sqlite", now=now)
    yield found
    found.close()


class Book:
    """A book of rules on a registry, and what it was told of trouble."""

    def __init__(self, registry: Registry) -> None:
        self.registry, self.told = registry, list[str]()
        self.book = RuleBook(lambda: VAULT, self.told.append)

    def of(self, key: Key) -> KeyRules:
        return self.book.build(self.registry, self.registry.keys())[key.secret]


def publish(registry: Registry, plan: Plan) -> None:
    registry.publish_plan("shop", plan.version, plan.to_json(), "test")


def test_a_key_without_rules_has_none(registry: Registry) -> None:
    publish(registry, plan("1.0.0"))
    key = registry.create_key("shop", plan_mode="off")
    assert Book(registry).of(key) == KeyRules(key)


def test_the_plan_is_the_projects_newest_as_the_key_applies_it(registry: Registry) -> None:
    book = Book(registry)
    warned = registry.create_key("shop", plan_mode="warn")
    strict = registry.create_key("shop", plan_mode="enforce", unplanned="reject")
    other = registry.create_key("other", plan_mode="enforce")
    assert book.of(warned).rules is None
    for version in ("1.0.0", "2.0.0"):
        publish(registry, plan(version))
        rules = book.of(warned).rules
        assert rules is not None
        assert rules.plan is not None
        assert (rules.plan.version, rules.plan.softened) == (version, True)
    enforced = book.of(strict).rules
    assert enforced is not None
    assert enforced.plan is not None
    fault = enforced.plan.plan.check("track", "Left", b"{}")
    assert fault is not None
    assert fault.judge(0).verdict is Verdict.REJECTED
    assert book.of(other).rules is None


SERVICE = "event: Refunded\nkind: service\nproperties: {type: object}"
CONTEXT = "version: 1.0.0\ncontext: {type: object, required: [app]}"


@pytest.mark.parametrize(
    ("head", "events", "names"),
    [
        ("version: 1.0.0", "event: Paid\nproperties: {type: object}", frozenset()),
        ("version: 1.0.0", SERVICE, frozenset({"Refunded"})),
        (CONTEXT, "event: Paid\nproperties: {type: object}", None),
        ("version: 1.0.0", "type: identify\ncontext: {type: object, required: [app]}", None),
    ],
)
def test_for_which_events_the_plan_looks_at_the_context(
    registry: Registry, head: str, events: str, names: frozenset[str] | None
) -> None:
    publish(registry, read_plan({"plan.yaml": head, "events/one.yaml": events}))
    rules = Book(registry).of(registry.create_key("shop")).rules
    assert rules is not None
    assert rules.plan is not None
    assert rules.plan.with_context == names


@pytest.mark.parametrize(
    "text", ["{", '{"version": "9"', "[]", '{"version":"9","events":[{"properties":{"type":5}}]}']
)
def test_a_broken_plan_never_replaces_a_good_one(registry: Registry, text: str) -> None:
    book, key = Book(registry), registry.create_key("shop")
    publish(registry, plan("1.0.0"))
    good = book.of(key)
    registry.publish_plan("shop", "9", text, "test")
    assert [book.of(key), book.of(key)] == [good, good]
    assert len(book.told) == 1
    assert "plan '9' of project 'shop' is not used" in book.told[0]
    publish(registry, plan("10.0.0"))
    rules = book.of(key).rules
    assert rules is not None
    assert rules.plan is not None
    assert rules.plan.version == "10.0.0"


def test_a_policy_follows_the_registry_and_a_broken_one_replaces_nothing(registry: Registry) -> None:
    book, key = Book(registry), registry.create_key("shop", privacy="strict")
    found = book.of(key)
    assert (found.policy, found.privacy, found.no_cookie) == (
        PRESETS["strict"],
        "strict@0",
        frozenset({"gpc", "dnt"}),
    )
    registry.set_policy("strict", PRESETS["standard"].to_json(), "test")
    own = book.of(key)
    assert (own.privacy, own.no_cookie) == ("strict@1", frozenset())
    registry.set_policy("strict", '{"pii": {"emial": "hash"}}', "test")
    assert book.of(key) == own
    assert len(book.told) == 1
    assert "privacy policy strict@2 is not used" in book.told[0]


def test_a_policy_that_was_never_good_is_the_strictest(registry: Registry) -> None:
    registry.set_policy("mine", "{", "test")
    book, key = Book(registry), registry.create_key("shop", privacy="mine")
    found = book.of(key)
    assert (found.policy, found.privacy) == (PRESETS["strict"], "strict@0")


def test_suppressed_people_are_kept_between_two_looks(registry: Registry) -> None:
    book, key = Book(registry), registry.create_key("shop", plan_mode="off")
    registry.suppress("shop", VAULT.digest("user_id", "mei"))
    rules, again = book.of(key).rules, book.of(key).rules
    assert rules is not None
    assert again is not None
    assert rules.suppressed is not None
    assert rules.suppressed is again.suppressed
    assert (rules.suppressed.holds("user_id", "mei"), rules.suppressed.holds("user_id", "li")) == (
        True,
        False,
    )
    registry.unsuppress("shop", VAULT.digest("user_id", "mei"))
    assert book.of(key).rules is None


def until(
    door: Running, wanted: Callable[[dict[str, object]], bool], event: object = PAID
) -> dict[str, object]:
    """The verdict on an event as soon as it is as wanted; a few looks of the housekeeping at most."""
    found: dict[str, object] = {}
    for _ in range(100):
        found = door.client.post("/v1/track", json=event).json()["verdicts"][0]
        if wanted(found):
            return found
        time.sleep(0.1)
    raise AssertionError(found)


def test_rules_are_reloaded_without_a_restart(tmp_path: Path) -> None:
    with running(tmp_path, plan_mode="enforce") as door:
        registry = Registry.open(door.door.settings.registry, now=now)
        until(door, lambda one: one["verdict"] == "ok")
        publish(registry, plan("1.0.0"))
        broken = until(door, lambda one: one["verdict"] == "rejected")
        registry.publish_plan("shop", "1.0.1", "{", "test")
        registry.change_key(door.key.id, plan_mode="warn")
        until(door, lambda one: one["verdict"] == "warning")
        publish(registry, plan("2.0.0", amount="string"))
        until(door, lambda one: one["verdict"] == "ok")
        registry.close()
        versions = {record.head.plan_version for record in door.records()}
        logged = [call for call in door.log.calls if call.method_name == "error"]
    assert broken["pointer"] == "/properties/amount"
    assert versions == {None, "1.0.0", "2.0.0"}
    assert len(logged) == 1
    assert "1.0.1" in logged[0].kwargs["why"]


def test_a_suppressed_person_is_kept_out_after_the_next_look_and_let_in_again(tmp_path: Path) -> None:
    with running(tmp_path) as door:
        settings = door.door.settings
        secrets = Secrets.open(settings.secrets, now, lambda size: b"x" * size)
        digest = secrets.vault().digest("user_id", "mei")
        registry = Registry.open(settings.registry, now=now)
        registry.suppress("shop", digest)
        found = until(door, lambda one: one["verdict"] == "filtered")
        record = door.records()[-1]
        other = door.client.post("/v1/track", json={**PAID, "userId": "li"}).json()["verdicts"][0]
        registry.unsuppress("shop", digest)
        until(door, lambda one: one["verdict"] == "ok")
        registry.close()
    assert (found["reason"], other["verdict"]) == (Reason.SUPPRESSED.value, "ok")
    assert msgspec.json.decode(record.body) == {"type": "track", "messageId": found["message_id"]}


def test_a_new_key_that_hashes_is_taken_up_while_the_door_runs(tmp_path: Path) -> None:
    with running(tmp_path, policy="hash") as door:
        door.client.post("/v1/track", json=PAID)
        first = second = door.records()[-1].head.ip
        Secrets.open(door.door.settings.secrets, now, lambda size: b"x" * size).rotate("hash")
        for _ in range(100):
            door.client.post("/v1/track", json=PAID)
            if (second := door.records()[-1].head.ip) != first:
                break
            time.sleep(0.1)
    assert first is not None
    assert second is not None
    assert first.startswith("sj:hash:")
    assert second.startswith("sj:hash:")
    assert first != second


def test_a_worker_without_rules_loads_nothing_for_them() -> None:
    heavy = {
        "jsonschema_rs",
        "cryptography",
        "maxminddb",
        "phonenumbers",
        "email_validator",
        "yaml",
        "duckdb",
    }
    script = f"import sys, collector.worker; print(sorted({heavy!r} & set(sys.modules)))"
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert found.stdout == "[]\n"
