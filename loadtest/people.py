"""The seeded customers of the demo shop: each person is a function of (seed, index) and of nothing else."""

from functools import cache
from hashlib import md5
from random import Random

import msgspec

from loadtest import catalogue
from loadtest.catalogue import Agent

LINXIA = "demo-linxia"
_encode = msgspec.json.encode


class Device(msgspec.Struct, frozen=True):
    """A browser or an app. `context`: what of every event's context never changes, without the last brace."""

    anonymous_id: str
    agent: Agent
    context: bytes


class Person(msgspec.Struct, frozen=True):
    index: int
    name: str
    user_id: str | None
    traits: msgspec.Raw
    devices: tuple[Device, ...]
    weight: float  # how often this person visits, relative to the others
    zh: bool


def anonymous_id(seed: int, index: int, number: int) -> str:
    """The device's id, in the form SDKs give it; the history that is written by SQL derives the same."""
    text = md5(f"{seed}/{index}/{number}".encode(), usedforsecurity=False).hexdigest()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def person(seed: int, index: int) -> Person:
    """Person 0 is `demo-linxia`, with one browser and one phone. Two thirds of the others have an account."""
    if index == 0:
        return _linxia(seed)
    rng = Random(seed * 1_000_003 + index)
    zh = rng.random() < 0.6
    locale, timezone = catalogue.ZH_LOCALE if zh else rng.choice(catalogue.EN_LOCALES)
    name = _name(rng, zh)
    user_id = f"u-{100_000 + index}" if rng.random() < 0.65 else None
    count = rng.choices((1, 2, 3), (0.6, 0.32, 0.08))[0]
    devices = tuple(
        _device(rng, anonymous_id(seed, index, number), _agent(rng, number), locale, timezone)
        for number in range(count)
    )
    return Person(index, name, user_id, _traits(rng, name, index, zh), devices, rng.paretovariate(1.6), zh)


def _linxia(seed: int) -> Person:
    rng = Random(seed)
    web, phone = catalogue.WEB_AGENTS[1], catalogue.APP_AGENTS[0]
    devices = (
        _device(rng, anonymous_id(seed, 0, 0), web, *catalogue.ZH_LOCALE),
        _device(rng, anonymous_id(seed, 0, 1), phone, *catalogue.ZH_LOCALE),
    )
    traits = {
        "name": "林夏",
        "email": "linxia@example.com",
        "phone": "+8613800138000",
        "plan": "plus",
        "address": {"city": "杭州", "country": "CN"},
    }
    return Person(0, "林夏", LINXIA, msgspec.Raw(_encode(traits)), devices, 0.0, True)


def _name(rng: Random, zh: bool) -> str:
    if zh:
        return rng.choice(catalogue.SURNAMES) + rng.choice(catalogue.GIVEN)
    return f"{rng.choice(catalogue.FIRST)} {rng.choice(catalogue.LAST)}"


def _traits(rng: Random, name: str, index: int, zh: bool) -> msgspec.Raw:
    number = rng.randrange(10**8)
    traits = {
        "name": name,
        "email": f"customer{index}@example.com",
        "phone": f"+86139{number:08d}" if zh else f"+1555{number % 10**7:07d}",
        "plan": rng.choice(catalogue.PLANS),
        "address": {"city": rng.choice(catalogue.CITIES)},
    }
    return msgspec.Raw(_encode(traits))


def _agent(rng: Random, number: int) -> Agent:
    in_app = rng.random() < (0.1 if number == 0 else 0.7)
    return rng.choice(catalogue.APP_AGENTS if in_app else catalogue.WEB_AGENTS)


def _device(rng: Random, anonymous: str, agent: Agent, locale: str, timezone: str) -> Device:
    app = agent.kind == "app"
    context: dict[str, object] = {
        "library": {
            "name": "analytics-ios" if app else "analytics.js",
            "version": "4.1.8" if app else "next-1.84.3",
        },
        "userAgent": agent.text,
        "locale": locale,
        "timezone": timezone,
        "screen": {"width": agent.width, "height": agent.height, "density": 2},
    }
    if app:
        context["app"] = {
            "name": "林荷课堂",
            "version": "4.2.1",
            "build": "4213",
            "namespace": "example.linhe.courses",
        }
        context["os"] = {"name": agent.os_name, "version": agent.os_version}
        context["device"] = {"id": anonymous, "type": agent.os_name.lower(), "model": agent.model}
        context["network"] = {"wifi": rng.random() < 0.6, "carrier": "中国移动"}
    else:
        context["userAgentData"] = {"mobile": agent.width < 500, "platform": agent.os_name, "brands": []}
    if rng.random() < 0.15:
        context["ip"] = _address(rng)
    return Device(anonymous, agent, _encode(context)[:-1])


def _address(rng: Random) -> str:
    """From the ranges reserved for documentation."""
    if rng.random() < 0.2:
        return f"2001:db8:{rng.randrange(65536):x}::{rng.randrange(65536):x}"
    return f"{rng.choice(('203.0.113', '198.51.100', '192.0.2'))}.{rng.randrange(1, 255)}"


@cache
def page_part(number: int, referrer: int) -> bytes:
    """The context's `page`, for one page of the catalogue reached from one referrer."""
    page = catalogue.PAGES[number]
    path, _, search = page.path.partition("?")
    parts = {
        "path": path,
        "referrer": catalogue.REFERRERS[referrer],
        "search": f"?{search}" if search else "",
        "title": page.title,
        "url": catalogue.SHOP + page.path,
    }
    return b',"page":' + _encode(parts)


@cache
def campaign_part(number: int) -> bytes:
    return b',"campaign":' + _encode(catalogue.CAMPAIGNS[number]._asdict())
