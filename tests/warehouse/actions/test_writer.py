"""Actions as the running writer finds who enters them, turn by turn and over a lake that is made anew."""

import asyncio
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.sessionizer.test_job import Bench
from tests.warehouse.actions.receiving import Receiver
from tests.warehouse.actions.test_delivering import VAULT, WHSEC
from tests.warehouse.lakes import HOUR, SECOND, Row, event
from warehouse.actions.addresses import read_allowed
from warehouse.actions.delivering import Deliverer
from warehouse.actions.keeping import keep_secret
from warehouse.actions.published import publish
from warehouse.actions.reading import read_actions
from warehouse.actions.sending import Wire
from warehouse.actions.settings import DeliverSettings
from warehouse.registry import Registry

RULES = """
destinations:
  hook: {kind: webhook, url: 'https://example.com/h', secret: s}
actions:
  reader:
    when: {did: 'page:*', at_least: 3, within: 1h}
    to: hook
"""


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path, stitch_every=0.0, commands_every=0.0, tags_every=1.0)
    yield bench
    bench.job.close()


def test_a_condition_is_a_tag_of_its_own_and_its_entry_outlives_the_lake(bench: Bench) -> None:
    registry = bench.site.registry
    bench.site.clock -= 30 * 60 * SECOND
    publish(registry, "shop", read_actions(RULES), "test")
    bench.site.clock += 30 * 60 * SECOND
    bench.land(2, 3)
    bench.job.turn()
    assert not registry.entries()
    bench.land(1, prefix="n")
    for _ in range(3):
        bench.site.clock += 3 * SECOND
        bench.job.turn()
    (entry,) = registry.entries()
    assert (entry.rule, entry.state, entry.entry) == ("reader", "waiting", bench.site.clock - 79 * SECOND)
    assert bench.told("entered") == [{"entered": 1, "waiting": 1, "seconds": 0.0}]
    assert '"user_id":"lin"' in entry.data
    registry.file_command("rebuild", {"from": "landing"}, by="test")
    for _ in range(3):
        bench.site.clock += 3 * SECOND
        bench.job.turn()
    assert bench.count("tag_members") == 1
    assert len(registry.entries()) == 1


def deliver(registry: Registry, now: Callable[[], int]) -> None:
    """What may be sent now is sent."""

    async def sent() -> None:
        wire = Wire(read_allowed("127.0.0.1"), 2.0, now)
        deliverer = Deliverer(
            registry, DeliverSettings(), wire, lambda: VAULT, env={}, now=now, dice=lambda: 0.0,
            report=lambda *_: None,
        )  # fmt: skip
        deliverer.turn()
        await deliverer.finish()
        await wire.close()

    asyncio.run(sent())


def page(user: str, minute: int, now: int, yes: bool) -> Row:
    context = {"consent": {"categoryPreferences": {"news": yes}}}
    at = now - minute * 60 * SECOND
    return event(
        f"{user}{at}", timestamp=at, anonymous_id=f"d-{user}", user_id=user, type="page",
        context=json.dumps(context),
    )  # fmt: skip


def test_consent_that_is_withdrawn_in_quiet_hours_is_seen_before_anything_leaves(
    bench: Bench, tmp_path: Path
) -> None:
    registry, site = bench.site.registry, bench.site
    receiver = Receiver()
    hook = f"{{kind: webhook, url: '{receiver.url}/h', secret: s}}"
    quiet = "{from: '11:00', until: '13:00', timezone: UTC}"
    rule = f"{{when: {{did: 'page:*', at_least: 3, within: 1h}}, to: hook, consent: news, quiet: {quiet}}}"
    site.clock -= 30 * 60 * SECOND
    publish(
        registry, "shop", read_actions(f"destinations:\n  hook: {hook}\nactions:\n  reader: {rule}\n"), "test"
    )
    keep_secret(registry, VAULT, "s", WHSEC, "test")
    site.clock += 30 * 60 * SECOND

    def say(**answers: bool) -> None:
        site.land(
            [page(user, minute, site.clock, yes) for user, yes in answers.items() for minute in range(3)]
        )
        site.clock += 3 * SECOND
        bench.job.turn()

    say(lin=True, ann=True)
    assert [one.state for one in registry.entries()] == ["waiting"] * 2
    say(lin=False)
    site.clock += 2 * HOUR
    deliver(registry, site.now)
    assert receiver.got == []  # nobody looked at the answers since
    bench.job.turn()
    deliver(registry, site.now)
    assert [got.said["data"]["customer"]["user_id"] for got in receiver.got] == ["ann"]
    assert {(one.state, one.why) for one in registry.entries()} == {
        ("no_consent", "no yes to news any more"), ("sent", ""),
    }  # fmt: skip
    receiver.close()
