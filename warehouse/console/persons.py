"""A customer's profile as a page shows it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from warehouse.console.timelines import text_of

Json = Mapping[str, Any]
MOST = 6


class Attribute(Struct, frozen=True):
    """What is known of the customer; `value` is readable text."""

    name: str
    value: str
    source: str
    said_at: str
    contradictory: bool


class Bar(Struct, frozen=True):
    """A number and its share of the greatest, in percent."""

    label: str
    number: int
    share: int


class Person(Struct, frozen=True):
    """The profile, its long lists cut to what a page can show."""

    customer_id: str
    title: str
    profile: Json
    attributes: Sequence[Attribute]
    categories: Sequence[Bar]
    channels: Sequence[Bar]
    places: Sequence[Bar]
    hours: Sequence[Bar]
    weekdays: Sequence[Bar]


def person(profile: Json) -> Person:
    """What a page shows of a profile (the JSON of `sojourn customer`)."""
    liked = profile["preferences"]
    return Person(
        customer_id=profile["customer_id"],
        title=title_of(profile),
        profile=profile,
        attributes=[attribute_of(one) for one in profile["traits"]],
        categories=bars([(one["name"], one["events"]) for one in liked["categories"]][:MOST]),
        channels=bars([(one["channel"], one["sessions"]) for one in profile["channels"]][:MOST]),
        places=bars([(place_of(one), one["sessions"]) for one in profile["places"]][:MOST]),
        hours=bars([(f"{hour:02d}", number) for hour, number in enumerate(liked["hours"])]),
        weekdays=bars([(str(day), number) for day, number in enumerate(liked["weekdays"], 1)]),
    )


def title_of(profile: Json) -> str:
    """The user id where there is one, since people know that one."""
    named = (one["value"] for one in profile["identities"] if one["kind"] == "user_id")
    return str(next(named, profile["customer_id"]))


def place_of(raw: Json) -> str:
    """City, region and country, as far as they are known."""
    return ", ".join(filter(None, (raw["city"], raw["region"], raw["country"])))


def bars(numbers: Sequence[tuple[str, int]]) -> list[Bar]:
    most = max((number for _, number in numbers), default=0) or 1
    return [Bar(label, number, round(100 * number / most)) for label, number in numbers]


def attribute_of(raw: Json) -> Attribute:
    value = text_of(raw["value"].encode())
    return Attribute(raw["name"], value, raw["source"] or "", raw["said_at"], raw["contradictory"])
