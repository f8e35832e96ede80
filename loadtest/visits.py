"""One visit of one person on one device, as Segment messages: what is seen, learnt and bought, and when."""

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Final, NamedTuple

import msgspec

from loadtest import catalogue
from loadtest.people import Device, Person, campaign_part, page_part

MINUTE_MS: Final = 60_000
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC).replace(tzinfo=None)
_encoder: Final = msgspec.json.Encoder()
_NOTHING: Final = msgspec.Raw(b"{}")
_PRODUCTS: Final = tuple(msgspec.Raw(_encoder.encode(product._asdict())) for product in catalogue.PRODUCTS)
_SERVER: Final = msgspec.Raw(b'{"library":{"name":"analytics-python","version":"2.4.0"},"channel":"server"}')


class Message(NamedTuple):
    """One event on its way. `at`: when it reaches the collector, µs UTC, not before the time it tells."""

    at: int
    message_id: str
    body: bytes


class Wire(msgspec.Struct, omit_defaults=True, rename="camel"):
    """A Segment message; a field that is None is not sent."""

    type: str
    message_id: str
    timestamp: str
    context: msgspec.Raw
    anonymous_id: str | None = None
    user_id: str | None = None
    event: str | None = None
    name: str | None = None
    category: str | None = None
    group_id: str | None = None
    previous_id: str | None = None
    properties: msgspec.Raw | None = None
    traits: msgspec.Raw | None = None


def iso(ms: int) -> str:
    return (_EPOCH + timedelta(milliseconds=ms)).isoformat(timespec="milliseconds") + "Z"


class Look(NamedTuple):
    """A page that is looked at from `at` until `until` (ms), with the context of what is told there."""

    at: int
    until: int
    context: msgspec.Raw


class Visit:
    """Writes the messages of a visit from `start_ms` on; `user_id` is who the SDK thinks is signed in."""

    def __init__(
        self, rng: Random, prefix: str, person: Person, device: Device, user_id: str | None, start_ms: int
    ) -> None:
        self.rng, self.person, self.device, self.user_id = rng, person, device, user_id
        self.clock = start_ms
        self.messages: list[Message] = []
        self.looks: list[Look] = []
        self.prefix = prefix
        self._context = device.context + b"}"
        self._campaign = b""

    def say(
        self,
        kind: str,
        event: str | None = None,
        name: str | None = None,
        properties: msgspec.Raw | None = None,
        traits: msgspec.Raw | None = None,
        group: str | None = None,
        previous: str | None = None,
        gap: float = 25_000.0,
    ) -> None:
        """Add one message, then let up to 2 x `gap` ms pass."""
        message_id = f"{self.prefix}{len(self.messages):04d}"
        wire = Wire(kind, message_id, iso(self.clock), msgspec.Raw(self._context), self.device.anonymous_id)
        wire.user_id, wire.event, wire.name = self.user_id, event, name
        wire.properties, wire.traits, wire.group_id, wire.previous_id = properties, traits, group, previous
        self.messages.append(Message(self.clock * 1000, message_id, _encoder.encode(wire)))
        self.clock += 200 + int(self.rng.random() * 2.0 * gap)

    def arrive(self, campaign: int | None) -> None:
        self._campaign = campaign_part(campaign) if campaign is not None else b""
        self.see(int(self.rng.random() * 6), int(self.rng.random() * len(catalogue.REFERRERS)))

    def see(self, page: int, referrer: int = 0) -> None:
        part = page_part(page, referrer)
        self._context = self.device.context + part + self._campaign + b"}"
        begun = self.clock
        self.say("page", name=catalogue.PAGES[page].title, properties=msgspec.Raw(part[8:]))
        self.looks.append(Look(begun, self.clock - 100, msgspec.Raw(self._context)))

    def sign_in(self, user_id: str, traits: msgspec.Raw, alias: bool) -> None:
        self.user_id = user_id
        if alias:
            self.say("alias", previous=self.device.anonymous_id, gap=100)
        self.say("identify", traits=traits, gap=2_000)


def shop(visit: Visit, steps: int) -> None:
    """Pages, products, now and then an order."""
    rng, random = visit.rng, visit.rng.random
    pages, products = len(catalogue.PAGES), len(_PRODUCTS)
    for _ in range(steps):
        draw = random()
        if draw < 0.42:
            visit.see(int(random() * pages))
        elif draw < 0.82:
            visit.say("track", "Product Viewed", properties=_PRODUCTS[int(random() * products)])
        elif draw < 0.94:
            visit.say("track", "Product Added", properties=_PRODUCTS[int(random() * products)])
        else:
            visit.say(
                "track", "搜索 Products Searched", properties=msgspec.Raw('{"query":"茶 tea 🍵"}'.encode())
            )
    if random() < 0.12:
        order(visit, rng.randrange(1, 4))


def order(visit: Visit, lines: int) -> None:
    bought = [catalogue.PRODUCTS[visit.rng.randrange(len(catalogue.PRODUCTS))] for _ in range(lines)]
    revenue = round(sum(product.price for product in bought), 2)
    number = f"O-{visit.clock}-{visit.person.index}"
    properties = {
        "order_id": number,
        "revenue": revenue,
        "total": round(revenue + 12.0, 2),
        "currency": "CNY" if visit.person.zh else "EUR",
        "coupon": None,
        "products": [{**product._asdict(), "quantity": 1} for product in bought],
    }
    visit.say("track", "Checkout Started", properties=msgspec.Raw(_encoder.encode({"order_id": number})))
    visit.say("track", "Order Completed", properties=msgspec.Raw(_encoder.encode(properties)))


def learn(visit: Visit, steps: int) -> None:
    """The course app: screens, lessons, progress."""
    course = catalogue.COURSES[int(visit.rng.random() * len(catalogue.COURSES))]
    visit.say("screen", name="课程首页 Course Home", properties=_NOTHING)
    lesson = visit.rng.randrange(1, course.lessons)
    for step in range(steps):
        progress = {**course._asdict(), "lesson": lesson, "progress": round(lesson / course.lessons, 3)}
        visit.say(
            "track", ("Lesson Started", "Lesson Completed")[step % 2], properties=_raw(progress), gap=60_000
        )
        lesson = min(lesson + step % 2, course.lessons)
    if visit.rng.random() < 0.1:
        name = visit.rng.choice(catalogue.CLASSES)
        visit.say("group", group=name, traits=_raw({"name": name, "seats": 30, "plan": "team"}))


def shipped(visit: Visit, delay_ms: int) -> Message:
    """A message of the shop's server, which knows the user and no device."""
    assert visit.user_id is not None
    at = visit.clock + delay_ms
    message_id = f"{visit.messages[0].message_id}-shipped"
    wire = Wire("track", message_id, iso(at), _SERVER, user_id=visit.user_id, event="Order Shipped")
    wire.properties = _raw({"carrier": "顺丰 SF", "parcels": 1})
    return Message(at * 1000, message_id, _encoder.encode(wire))


def _raw(value: object) -> msgspec.Raw:
    return msgspec.Raw(_encoder.encode(value))
