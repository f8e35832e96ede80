"""Takes what waits from the registry and brings it to the destinations, in order for each customer.

An entry stays waiting until its answer is written down: who is killed in between sends it again, under the
same key, and the receiver knows it by that.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Final

import msgspec

from sdk_contract.errors import SojournError
from sdk_contract.privacy import Vault
from warehouse.actions.barring import is_barred
from warehouse.actions.destinations import read_destination
from warehouse.actions.errors import SecretMissing
from warehouse.actions.keeping import secrets_of
from warehouse.actions.outcomes import Outcome
from warehouse.actions.pacing import Circuit, Pace, pause
from warehouse.actions.published import rule_of
from warehouse.actions.rules import Destination, Rule
from warehouse.actions.sending import Sender
from warehouse.actions.settings import DeliverSettings
from warehouse.actions.trying import RULE, TRIED
from warehouse.registry import Registry
from warehouse.registry.actions import Entry

Report = Callable[[str, str, Mapping[str, object]], None]
Place = tuple[str, str]  # project, destination
_AT_ONCE: Final = 64
_LOOK_US: Final = 1_000_000


class Deliverer:
    """Use it from one event loop. `now` gives µs UTC, `dice` a number from 0 to 1."""

    def __init__(
        self,
        registry: Registry,
        settings: DeliverSettings,
        sender: Sender,
        vault: Callable[[], Vault],
        *,
        env: Mapping[str, str],
        now: Callable[[], int],
        dice: Callable[[], float],
        report: Report,
    ) -> None:
        self.registry, self.settings, self.sender = registry, settings, sender
        self._vault, self._env = vault, env
        self._now, self._dice, self._report = now, dice, report
        self._circuits: dict[Place, Circuit] = {}
        self._paces: dict[Place, Pace] = {}
        self._there: dict[Place, Destination] = {}
        self._texts: dict[Place, str] = {}
        self._rules: dict[tuple[str, str, int], Rule] = {}
        self._off: set[Place] = set()
        self._tokens: dict[str, str] = {}
        self._under_way: dict[str, asyncio.Task[None]] = {}
        self._load: Counter[Place] = Counter()
        self._version: int | None = None
        self._looked = 0

    def turn(self) -> int:
        """Begin what may be sent now; how many messages were begun."""
        now, version = self._now(), self.registry.data_version()
        if version == self._version and now < self._looked + _LOOK_US:
            return 0
        self._version, self._looked = version, now
        self._read()
        begun = 0
        for entry in self.registry.ready_entries(now, _AT_ONCE + len(self._under_way), self._barred(now)):
            place = (entry.project, entry.destination)
            if entry.id not in self._under_way and self._may(place, now):
                self._begin(place, entry, now)
                begun += 1
        return begun

    async def wait(self, seconds: float) -> None:
        """Until something that is under way has ended, or for so long."""
        if self._under_way:
            await asyncio.wait(
                [*self._under_way.values()], timeout=seconds, return_when=asyncio.FIRST_COMPLETED
            )
        else:
            await asyncio.sleep(seconds)

    async def finish(self) -> None:
        """Wait for what is under way."""
        await asyncio.gather(*self._under_way.values(), return_exceptions=True)

    def _read(self) -> None:
        """Destinations as they are published now; one that cannot be read is as if it were away."""
        texts = self.registry.action_destinations()
        self._off = self.registry.action_destinations_off()
        self._tokens = self.registry.action_secrets()
        for place, text in texts.items():
            if self._texts.get(place) != text:
                found = read_destination(place[1], msgspec.json.decode(text))
                self._there[place], self._texts[place] = found, text
                self._circuits[place], self._paces[place] = Circuit(), Pace(found.rate)

    def _barred(self, now: int) -> list[Place]:
        return [place for place in self._there if not self._may(place, now)]

    def _may(self, place: Place, now: int) -> bool:
        if place not in self._there or place in self._off:
            return False
        together = self.settings.action_together
        return self._load[place] < together and self._circuits[place].may(now) and self._paces[place].may(now)

    def _begin(self, place: Place, entry: Entry, now: int) -> None:
        self._circuits[place].began()
        self._paces[place].took(now)
        self._load[place] += 1
        self._under_way[entry.id] = asyncio.create_task(self._deliver(place, entry))

    async def _deliver(self, place: Place, entry: Entry) -> None:
        outcome = Outcome("retry", "it was stopped")
        try:
            outcome = await self._tried(place, entry)
            self._note(entry, outcome)
        finally:
            self._circuits[place].ended(not outcome.down, self._now(), outcome.after)
            self._load[place] -= 1
            del self._under_way[entry.id]
            self._version = None

    async def _tried(self, place: Place, entry: Entry) -> Outcome:
        to = self._there[place]
        try:
            if is_barred(self.registry, self._vault(), entry):
                return Outcome("barred", "the customer was suppressed or erased while it waited")
            secrets = secrets_of(to, self._tokens, self._vault(), self._env)
            rule = self._rule(entry)
        except SecretMissing as error:
            return Outcome("retry", str(error), down=True)
        except SojournError as error:
            return Outcome("dead", str(error))
        return await self.sender.send(to, rule, entry, secrets)

    def _rule(self, entry: Entry) -> Rule:
        if entry.rule == TRIED:
            return RULE
        known = (entry.project, entry.rule, entry.version)
        if known not in self._rules:
            for one in self.registry.actions(entry.project, entry.rule):
                self._rules[one.project, one.name, one.number] = rule_of(one)
        return self._rules[known]

    def _note(self, entry: Entry, outcome: Outcome) -> None:
        now = self._now()
        fields = {"action": entry.id, "rule": entry.rule, "destination": entry.destination}
        if outcome.kind == "barred":
            self.registry.drop_waiting([entry.id], "suppressed", outcome.why)
            self._report("debug", "action withdrawn", {**fields, "why": outcome.why})
            return
        if outcome.kind == "sent":
            self.registry.settle_entry(entry.id, "sent", "")
            self._report("debug", "action sent", {**fields, "attempts": entry.attempts + 1})
            return
        tried = now - (entry.first_tried or now)
        if outcome.kind == "dead" or tried > self.settings.action_give_up * 1e6:
            why = outcome.why if outcome.kind == "dead" else f"given up: {outcome.why}"
            self.registry.settle_entry(entry.id, "dead", why)
            self._report("warning", "action is a dead letter", {**fields, "why": why})
            return
        first, most = self.settings.action_retry, self.settings.action_retry_most
        rest = max(pause(entry.attempts, first, most, self._dice), outcome.after)
        self.registry.retry_entry(entry.id, outcome.why, now + int(rest * 1e6))
        self._report("debug", "action is tried again", {**fields, "why": outcome.why, "in": round(rest, 1)})
