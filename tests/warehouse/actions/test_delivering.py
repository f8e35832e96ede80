"""Entries on their way to real receivers on this machine: signed, in order, retried, kept when dead."""

import asyncio
import hmac
from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping
from pathlib import Path

import httpx
import msgspec
import pytest

from sdk_contract.privacy import Vault
from sdk_contract.privacy.vault import SecretKey
from tests.warehouse.actions.receiving import Answer, Received, Receiver
from tests.warehouse.lakes import NOON, SECOND
from warehouse.actions.addresses import read_allowed
from warehouse.actions.delivering import Deliverer
from warehouse.actions.keeping import keep_secret
from warehouse.actions.published import publish
from warehouse.actions.reading import read_actions
from warehouse.actions.sending import Wire
from warehouse.actions.settings import DeliverSettings
from warehouse.actions.standing import places
from warehouse.actions.telling import Teller
from warehouse.actions.trying import TRIED, try_out
from warehouse.registry import Registry

HOUR = 3600 * SECOND
VAULT = Vault([SecretKey("abc", "encrypt", 1, b"k" * 32), SecretKey("abd", "suppress", 1, b"s" * 32)])
WHSEC = "whsec_" + b64encode(b"s" * 32).decode()


class Bench:
    """A registry with entries, and who delivers them; the clock moves when a test says so."""

    def __init__(self, root: Path, hosts: str = "127.0.0.1") -> None:
        self.clock = NOON
        self.registry = Registry.open(root / "registry.sqlite", now=lambda: self.clock)
        self.lines: list[tuple[str, Mapping[str, object]]] = []
        self.hosts = hosts
        self._number = 0
        keep_secret(self.registry, VAULT, "s", WHSEC, "test")

    def publish(self, destinations: str, rule: str = "{when: {tag: keen}, to: hook}") -> None:
        text = f"destinations:\n  hook: {destinations}\nactions:\n  greet: {rule}\n"
        publish(self.registry, "shop", read_actions(text), "test")

    def enter(
        self, customer: str = "c_1", to: str = "hook", good_until: int | None = None, **traits: str
    ) -> str:
        self._number += 1
        data = {
            "customer": {"id": customer, "user_id": f"u-{customer}", "anonymous_id": None, "traits": traits},
            "entered_at": "2026-11-21T12:00:00Z",
        }
        row = {
            "id": f"act_{self._number}", "project": "shop", "rule": "greet", "version": 1,
            "customer": customer, "entry": self.clock, "found_at": self.clock, "destination": to,
            "state": "waiting", "why": "", "data": msgspec.json.encode(data).decode(), "due_at": self.clock,
            "good_until": good_until,
        }  # fmt: skip
        assert self.registry.enter([row]) == 1
        return f"act_{self._number}"

    def deliver(self, turns: int = 1, *, once: bool = False) -> None:
        """So many turns, each until nothing is under way, or `once`; the retries' pause passes between."""
        asyncio.run(self._deliver(turns, once))

    async def _deliver(self, turns: int, once: bool) -> None:
        sender = Wire(read_allowed(self.hosts), 2.0, lambda: self.clock)
        deliverer = Deliverer(
            self.registry, DeliverSettings(), sender, lambda: VAULT, env={}, now=lambda: self.clock,
            dice=lambda: 0.0, report=lambda _, event, fields: self.lines.append((event, fields)),
        )  # fmt: skip
        for _ in range(turns):
            while deliverer.turn():
                await deliverer.finish()
                if once:
                    break
            self.clock += 2 * HOUR
        await sender.close()

    def states(self) -> list[str]:
        return [one.state for one in reversed(self.registry.entries())]


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    found = Bench(tmp_path)
    yield found
    found.registry.close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    found = Receiver()
    yield found
    found.close()


def hook(receiver: Receiver) -> str:
    return f"{{kind: webhook, url: '{receiver.url}/h', secret: s}}"


def verified(got: Received, secret: bytes) -> bool:
    """As Standard Webhooks has it."""
    headers = got.headers
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + got.body
    expected = b64encode(hmac.digest(secret, signed, "sha256")).decode()
    return f"v1,{expected}" in headers["webhook-signature"].split()


def test_a_webhook_is_signed_and_names_its_key(bench: Bench, receiver: Receiver) -> None:
    bench.publish(hook(receiver))
    id = bench.enter()
    bench.deliver()
    (got,) = receiver.got
    assert verified(got, b64decode(WHSEC.removeprefix("whsec_")))
    assert not verified(got, b"another")
    assert (got.headers["idempotency-key"], got.headers["webhook-id"], got.headers["sojourn-action"]) == (
        id, id, id,
    )  # fmt: skip
    assert got.said["data"]["action"]["rule"] == "greet"
    assert got.said["data"]["customer"]["id"] == "c_1"
    assert bench.states() == ["sent"]


@pytest.mark.parametrize("kind", ["user_id", "email"])
@pytest.mark.parametrize("how", ["suppressed", "erased"])
def test_who_is_shut_out_while_a_message_waits_gets_none(
    bench: Bench, receiver: Receiver, kind: str, how: str
) -> None:
    bench.publish(hook(receiver))
    bench.enter("c_1", email="ann@example.com")
    bench.enter("c_2")
    receiver.answers = lambda _: (503, {}, b"")
    bench.deliver(once=True)
    assert bench.states() == ["waiting"] * 2
    value = {"user_id": "u-c_1", "email": "Ann@Example.com"}[kind]
    if how == "suppressed":
        bench.registry.suppress("shop", VAULT.digest(kind, value))
    else:
        stones = [(kind, VAULT.tombstone("shop", kind, value))]
        bench.registry.file_erasure("shop", "erase", "asked", "test", sealed="", tombstones=stones)
    receiver.got.clear()
    receiver.answers = lambda _: (200, {}, b"")
    bench.deliver(turns=2)
    assert [got.said["data"]["customer"]["id"] for got in receiver.got] == ["c_2"]
    assert bench.states() == ["suppressed", "sent"]
    (entry,) = bench.registry.entries(customer="c_1")
    assert (entry.data, entry.why) == ("{}", "the customer was suppressed or erased while it waited")


def test_a_destination_is_tried_with_a_message_about_nobody_and_switched_off(
    bench: Bench, receiver: Receiver
) -> None:
    bench.publish(hook(receiver))
    try_out(bench.registry, "shop", "hook", bench.clock, "test")
    bench.registry.switch_action_destination("shop", "hook", on=False)
    bench.deliver()
    (place,) = places(bench.registry)
    assert (receiver.got, place.is_on, place.tested) == ([], False, "waiting")
    bench.registry.switch_action_destination("shop", "hook", on=True)
    bench.deliver()
    assert receiver.got[0].said["data"]["action"]["rule"] == TRIED
    assert places(bench.registry)[0].tested == "sent"
    assert not bench.registry.untold_entries(9)  # it is on nobody's timeline


def test_what_needs_consent_waits_for_a_look_at_it(bench: Bench, receiver: Receiver) -> None:
    bench.publish(hook(receiver))
    id = bench.enter(good_until=NOON + SECOND)
    bench.clock += 2 * SECOND
    bench.deliver()
    assert (receiver.got, bench.states()) == ([], ["waiting"])
    bench.registry.vouch([id], bench.clock + SECOND)
    bench.deliver()
    assert bench.states() == ["sent"]


def test_a_customers_messages_stay_in_order_through_retries(bench: Bench, receiver: Receiver) -> None:
    bench.publish(hook(receiver))
    ids = [bench.enter() for _ in range(3)]
    other = bench.enter("c_2")
    failing: dict[str, int] = {ids[0]: 2}

    def answer(got: Received) -> Answer:
        id = got.headers["idempotency-key"]
        failing[id] = failing.get(id, 0) - 1
        return (500 if failing[id] >= 0 else 200), {}, b""

    receiver.answers = answer
    bench.deliver(turns=4)
    order = [got.headers["idempotency-key"] for got in receiver.got]
    assert [id for id in order if id != other] == [ids[0]] * 3 + ids[1:]
    assert other in order[:2]
    assert bench.states() == ["sent"] * 4


def test_a_destination_that_is_away_for_a_day_loses_nothing_and_stops_no_other(
    bench: Bench, receiver: Receiver, tmp_path: Path
) -> None:
    away = Receiver()
    away.close()
    bench.publish(f"{{kind: webhook, url: '{away.url}/h', secret: s}}\n  good: {hook(receiver)}")
    lost = [bench.enter(f"c_{number}") for number in range(30)]
    fine = [bench.enter(f"c_{number}", to="good") for number in range(30)]
    bench.deliver(turns=12)
    assert sorted(got.headers["idempotency-key"] for got in receiver.got) == sorted(fine)
    assert bench.states() == ["waiting"] * 30 + ["sent"] * 30
    tries = sum(one.attempts for one in bench.registry.entries(state="waiting"))
    assert 5 <= tries < 60  # a dead destination is asked now and then, by one message
    bench.publish(hook(receiver))
    bench.deliver(turns=3)
    got = [one.headers["idempotency-key"] for one in receiver.got]
    assert sorted(got) == sorted([*lost, *fine])
    assert set(bench.states()) == {"sent"}


@pytest.mark.parametrize(
    ("status", "state", "why"),
    [
        (410, "dead", "wants no more"),
        (404, "dead", "refuses"),
        (302, "dead", "redirects are not followed"),
        (429, "waiting", "429"),
        (503, "waiting", "503"),
    ],
)
def test_what_a_status_means(bench: Bench, receiver: Receiver, status: int, state: str, why: str) -> None:
    receiver.answers = lambda _: (status, {"location": "http://127.0.0.1:9/x"}, b"")
    bench.publish(hook(receiver))
    bench.enter()
    bench.deliver()
    assert (bench.states(), len(receiver.got)) == ([state], 1)
    assert why in bench.registry.entries()[0].why


def test_dead_letters_are_kept_and_sent_again_under_their_key(bench: Bench, receiver: Receiver) -> None:
    receiver.answers = lambda _: (500, {}, b"")
    bench.publish(hook(receiver))
    id = bench.enter()
    bench.deliver(turns=40)  # 80 hours
    assert bench.states() == ["dead"]
    assert bench.registry.entries()[0].why == "given up: 500"
    receiver.answers = lambda _: (200, {}, b"")
    tries = len(receiver.got)
    assert bench.registry.replay_entries("shop", by="ann") == 1
    bench.deliver()
    assert (bench.states(), len(receiver.got)) == (["sent"], tries + 1)
    assert {got.headers["idempotency-key"] for got in receiver.got} == {id}


def test_who_is_killed_after_sending_sends_the_same_key_again(
    bench: Bench, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.publish(hook(receiver))
    id = bench.enter()
    with monkeypatch.context() as patch:
        patch.setattr(Deliverer, "_note", lambda *_: None)  # what a kill leaves: the answer is not noted
        bench.deliver(once=True)
    bench.deliver()
    assert [got.headers["idempotency-key"] for got in receiver.got][-1] == id
    assert len(receiver.got) == 2
    assert len({got.body for got in receiver.got}) == 1
    assert bench.states() == ["sent"]


@pytest.mark.parametrize(
    ("url", "hosts"),
    [
        ("http://127.0.0.1:9/h", ""),
        ("https://127.0.0.1:9/h", "10.0.0.0/8"),
        ("https://localhost:9/h", ""),
        ("https://169.254.169.254/latest", ""),
        ("https://[::ffff:127.0.0.1]:9/h", ""),
        ("https://2130706433:9/h", ""),
        ("http://93.184.216.34/h", ""),
    ],
)
def test_addresses_that_are_not_public_are_not_connected_to(tmp_path: Path, url: str, hosts: str) -> None:
    bench = Bench(tmp_path, hosts)
    bench.publish(f"{{kind: webhook, url: '{url}', secret: s}}")
    bench.enter()
    bench.deliver()
    (entry,) = bench.registry.entries()
    assert entry.state == "dead"
    assert "will not do" in entry.why
    bench.registry.close()


@pytest.mark.parametrize(
    ("kind", "answer", "state"),
    [
        ("wecom", b'{"errcode":0}', "sent"),
        ("wecom", b'{"errcode":45009,"errmsg":"freq out of limit"}', "waiting"),
        ("dingtalk", b'{"errcode":310000,"errmsg":"sign not match"}', "dead"),
        ("feishu", b'{"code":0}', "sent"),
        ("feishu", b'{"code":11232,"msg":"frequency limited"}', "waiting"),
        ("feishu", b"<html>", "waiting"),
    ],
)
def test_robots_are_told_in_their_own_words(
    bench: Bench, receiver: Receiver, kind: str, answer: bytes, state: str
) -> None:
    receiver.answers = lambda _: (200, {}, answer)
    keep_secret(bench.registry, VAULT, "where", f"{receiver.url}/send?key=k", "test")
    sign = "" if kind == "wecom" else ", secret: s"
    bench.publish(
        f"{{kind: {kind}, url_secret: where{sign}}}",
        "{when: {tag: keen}, to: hook, message: {subject: S, text: 'hi {{ customer.id }}'}}",
    )
    bench.enter()
    bench.deliver()
    assert bench.states() == [state]
    (got,) = receiver.got
    seconds = NOON // SECOND
    if kind == "wecom":
        assert got.said == {"msgtype": "markdown", "markdown": {"content": "hi c_1"}}
    elif kind == "dingtalk":
        text = f"{seconds * 1000}\n{WHSEC}".encode()
        sign = b64encode(hmac.digest(WHSEC.encode(), text, "sha256")).decode()
        assert httpx.QueryParams(got.path.partition("?")[2])["sign"] == sign
        assert got.said["markdown"] == {"title": "S", "text": "hi c_1"}
    else:
        sign = b64encode(hmac.digest(f"{seconds}\n{WHSEC}".encode(), b"", "sha256")).decode()
        assert got.said == {
            "timestamp": str(seconds), "sign": sign, "msg_type": "text", "content": {"text": "hi c_1"},
        }  # fmt: skip


def test_a_robot_gets_no_more_than_its_limit(bench: Bench, receiver: Receiver) -> None:
    receiver.answers = lambda _: (200, {}, b'{"errcode":0}')
    keep_secret(bench.registry, VAULT, "where", f"{receiver.url}/send", "test")
    bench.publish("{kind: wecom, url_secret: where}", "{when: {tag: keen}, to: hook, message: {text: hi}}")
    for number in range(5):
        bench.enter(f"c_{number}")
    bench.deliver(turns=1)
    assert len(receiver.got) == 1  # the next one leaves three seconds later


def test_another_system_is_written_to_by_a_template(bench: Bench, receiver: Receiver) -> None:
    bench.publish(
        f"""
    kind: rest
    url: '{receiver.url}/contacts/{{{{ customer.user_id|urlencode }}}}'
    method: PATCH
    headers: {{X-Rule: '{{{{ action.rule }}}}'}}
    header_secrets: {{Authorization: s}}
    body: {{fields: {{stage: '{{{{ customer.traits.plan }}}}', n: 3}}}}"""
    )
    bench.enter("a/../b", plan="pro")
    bench.enter("c_2")  # its plan is not known
    bench.deliver()
    (got,) = receiver.got
    assert (got.method, got.path) == ("PATCH", "/contacts/u-a/../b")
    assert (got.headers["x-rule"], got.headers["authorization"]) == ("greet", WHSEC)
    assert got.said == {"fields": {"stage": "pro", "n": 3}}
    assert bench.states() == ["sent", "dead"]
    assert "plan" in bench.registry.entries(state="dead")[0].why


def test_a_missing_secret_waits_for_it(bench: Bench, receiver: Receiver) -> None:
    bench.publish(f"{{kind: webhook, url: '{receiver.url}/h', secret: none}}")
    bench.enter()
    bench.deliver()
    assert bench.states() == ["waiting"]
    keep_secret(bench.registry, VAULT, "none", WHSEC, "test")
    bench.deliver()
    assert bench.states() == ["sent"]
    said = repr(bench.lines) + repr(bench.registry.entries()) + repr(bench.registry.audited(limit=99))
    assert WHSEC not in said


def test_what_is_settled_is_told_to_the_timeline_once(bench: Bench, receiver: Receiver) -> None:
    bench.publish(hook(receiver))
    id = bench.enter()
    bench.deliver()
    door = Receiver(lambda _: (503, {}, b""))

    async def tell() -> int:
        async with httpx.AsyncClient(base_url=door.url, trust_env=False) as client:
            return await Teller(bench.registry, client).tell()

    with pytest.raises(httpx.HTTPStatusError):
        asyncio.run(tell())
    door.answers = lambda _: (200, {}, b"{}")
    assert [asyncio.run(tell()), asyncio.run(tell())] == [1, 0]
    event = door.got[-1].said["batch"][0]
    assert (event["event"], event["messageId"], event["userId"]) == ("action_sent", f"{id}-sent", "u-c_1")
    assert door.got[0].said == door.got[1].said
    assert msgspec.json.decode(bench.registry.entries()[0].data) == {}
    door.close()
