"""Seeded traffic of a shop with a course app: days of history, or a live stream, in order of arrival."""

import heapq
from collections.abc import Iterable, Iterator
from itertools import count
from operator import itemgetter
from random import Random
from typing import Final, NamedTuple

from loadtest import catalogue
from loadtest.people import LINXIA, Person, person
from loadtest.surveys import answers
from loadtest.touches import touches
from loadtest.truth import Truth
from loadtest.visits import MINUTE_MS, Message, Visit, learn, order, shipped, shop

HOUR_MS: Final = 60 * MINUTE_MS
DAY_MS: Final = 24 * HOUR_MS
PREROLL_MS: Final = 15 * MINUTE_MS
LIVE_VISITS: Final = 0x8000_0000  # live visits count from here: other message ids than in the history
_BUSY_HOURS: Final = (1, 1, 1, 1, 1, 2, 3, 5, 7, 8, 8, 8, 9, 8, 7, 7, 7, 8, 9, 11, 13, 13, 9, 4)
# (age in minutes, device, steps, order) of the fixed customer's visits; the last is within the hour
_LINXIA_VISITS: Final = (
    (27_360, 0, 6, False),
    (15_900, 1, 5, False),
    (5_800, 0, 7, True),
    (1_620, 1, 6, False),
    (45, 0, 8, True),
)


class Plan(NamedTuple):
    """A visit to come. `visitor` differs from `owner` when a guest uses the owner's device."""

    start_ms: int
    owner: int
    device: int
    visitor: int


Arrival = tuple[int, list[Message]]  # (start of the visit in µs UTC, its messages)


class Shop:
    """The traffic of `customers` people; everything said is a function of the seed and of the times given.

    `touched`: its pages tell of clicks and scrolling as well, and customers answer surveys.
    """

    def __init__(self, seed: int = 2026, customers: int = 2000, *, touched: bool = False) -> None:
        self.seed, self.customers, self.truth = seed, customers, Truth(seed)
        self.touched = touched
        self._people: dict[int, Person] = {}
        self._signed_in: dict[str, str | None] = {}

    def person(self, index: int) -> Person:
        known = self._people.get(index)
        if known is None:
            known = self._people[index] = person(self.seed, index)
            for device in known.devices:
                self.truth.device(_name(known), device.anonymous_id)
            if known.user_id is not None:
                self.truth.customer(_name(known)).user_ids.append(known.user_id)
        return known

    def history(self, now: int, days: int = 30) -> Iterator[Message]:
        """All messages of the `days` before `now` (µs UTC) that had arrived by then, in order of arrival."""
        rng = Random(self.seed)
        plans = sorted(self._plans(rng, now // 1000, days))
        visits = ((plan.start_ms * 1000, self._visit(rng, plan, number)) for number, plan in enumerate(plans))
        for message in in_order(heapq.merge(self._linxia(now // 1000), visits, key=itemgetter(0))):
            if message.at > now:
                return
            yield message

    def live(self, since: int, rate: float) -> Iterator[Message]:
        """An endless stream from `since` (µs UTC) on, `rate` messages a second on average."""
        rng = Random(f"{self.seed}/{since}")
        return (
            message
            for message in in_order(self._live_visits(rng, since // 1000, rate))
            if message.at >= since
        )

    def _live_visits(self, rng: Random, since_ms: int, rate: float) -> Iterator[Arrival]:
        at = float(since_ms - PREROLL_MS)
        for number in count():
            owner = int(rng.random() * self.customers)
            plan = Plan(int(at), owner, int(rng.random() * len(self.person(owner).devices)), owner)
            messages = self._visit(rng, plan, LIVE_VISITS + number)
            yield plan.start_ms * 1000, messages
            soon = sum(message.at < (plan.start_ms + HOUR_MS) * 1000 for message in messages)
            at += soon * 1000 / rate * (0.5 + rng.random())

    def _plans(self, rng: Random, now_ms: int, days: int) -> list[Plan]:
        plans: list[Plan] = []
        for index in range(1, self.customers):
            who = self.person(index)
            plans.extend(
                Plan(start, index, int(rng.random() * len(who.devices)), index)
                for start in _starts(rng, now_ms, days, min(40, max(1, round(who.weight * 1.7))))
            )
            if index % 40 == 7 and index + 1 < self.customers:
                guest_at = now_ms - int(rng.random() * days * DAY_MS / 4)
                plans.append(Plan(guest_at, index, 0, index + 1))
        return plans

    def _visit(self, rng: Random, plan: Plan, number: int) -> list[Message]:
        owner, visitor = self.person(plan.owner), self.person(plan.visitor)
        device = owner.devices[plan.device]
        prefix = f"ajs-next-{plan.start_ms}-{number:08x}-"
        if owner is not visitor:
            return self._guest_visit(rng, plan, prefix)
        visit = Visit(rng, prefix, owner, device, self._signed_in.get(device.anonymous_id), plan.start_ms)
        self._wander(visit)
        sent = _as_sent(rng, visit)
        return [*sent, *touches(visit), *answers(visit)] if self.touched else sent

    def _wander(self, visit: Visit) -> None:
        """Look around; a person with an account signs in during three of four visits while signed out."""
        rng, app = visit.rng, visit.device.agent.kind == "app"
        go_on = learn if app else shop
        if not app:
            visit.arrive(int(rng.random() * len(catalogue.CAMPAIGNS)) if rng.random() < 0.3 else None)
        go_on(visit, int(rng.random() * 5))
        if visit.user_id is None and visit.person.user_id is not None and rng.random() < 0.75:
            self._sign_in(visit, alias=rng.random() < 0.1)
        go_on(visit, 1 + int(rng.random() * 8))

    def _sign_in(self, visit: Visit, alias: bool = False) -> None:
        who, device = visit.person, visit.device.anonymous_id
        assert who.user_id is not None
        visit.sign_in(who.user_id, who.traits, alias)
        self._signed_in[device] = who.user_id
        self.truth.signed_in(_name(who), device, who.user_id)

    def _guest_visit(self, rng: Random, plan: Plan, prefix: str) -> list[Message]:
        """A guest signs in on a device that is known to be another's, and signs out when leaving."""
        owner, guest = self.person(plan.owner), self.person(plan.visitor)
        device = owner.devices[plan.device]
        if guest.user_id is None or device.anonymous_id not in self._signed_in or device.agent.kind == "app":
            return []
        visit = Visit(rng, prefix, guest, device, None, plan.start_ms)
        visit.arrive(None)
        visit.sign_in(guest.user_id, guest.traits, alias=False)
        shop(visit, 4)
        self._signed_in[device.anonymous_id] = None
        self.truth.guest(device.anonymous_id, guest.user_id)
        return visit.messages

    def _linxia(self, now_ms: int) -> Iterator[Arrival]:
        who, rng = self.person(0), Random(self.seed)
        for number, (age, device, steps, buys) in enumerate(_LINXIA_VISITS):
            start = now_ms - age * MINUTE_MS
            user = self._signed_in.get(who.devices[device].anonymous_id)
            visit = Visit(rng, f"ajs-next-{start}-linxia{number:02d}-", who, who.devices[device], user, start)
            self._linxia_visit(visit, steps, buys)
            yield start * 1000, visit.messages

    def _linxia_visit(self, visit: Visit, steps: int, buys: bool) -> None:
        if visit.device.agent.kind == "app":
            learn(visit, 2)
        else:
            visit.arrive(0 if visit.user_id is None else None)
        if visit.user_id is None:
            self._sign_in(visit)
        (learn if visit.device.agent.kind == "app" else shop)(visit, steps)
        if buys:
            order(visit, 2)


def in_order(visits: Iterable[Arrival]) -> Iterator[Message]:
    """The messages of visits that come sorted by their start, in order of arrival."""
    waiting: list[Message] = []
    for start, messages in visits:
        while waiting and waiting[0].at <= start:
            yield heapq.heappop(waiting)
        for message in messages:
            heapq.heappush(waiting, message)
    while waiting:
        yield heapq.heappop(waiting)


def _starts(rng: Random, now_ms: int, days: int, visits: int) -> Iterator[int]:
    """Moments of the `days` before now, more of them in the evening (UTC+8)."""
    last_hour = now_ms // HOUR_MS
    for hour in rng.choices(range(24), _BUSY_HOURS, k=visits):
        past_hours = (last_hour - (hour - 8)) % 24 + 24 * int(rng.random() * days)
        yield (last_hour - past_hours) * HOUR_MS - int(rng.random() * HOUR_MS)


def _as_sent(rng: Random, visit: Visit) -> list[Message]:
    """What reaches the collector: apps were offline, browsers send again, the shop's server adds its own."""
    messages = visit.messages
    if visit.device.agent.kind == "app" and rng.random() < 0.04:
        late = int((2 + 28 * rng.random()) * HOUR_MS) * 1000
        messages = [message._replace(at=message.at + late) for message in messages]
    elif rng.random() < 0.03:
        again = messages[int(rng.random() * len(messages))]
        messages = [*messages, again._replace(at=again.at + int(rng.random() * HOUR_MS * 1000))]
    if visit.user_id is not None and rng.random() < 0.05:
        messages = [*messages, shipped(visit, int((20 + 10 * rng.random()) * HOUR_MS))]
    return messages


def _name(who: Person) -> str:
    return LINXIA if who.index == 0 else f"customer-{who.index}"
