"""What a visitor touches on a page, as the web SDK tells of it: clicks on elements, how far down it was seen.

It draws from its own chance, so that the rest of the shop's traffic is the same with it and without it.
"""

from collections.abc import Iterator
from random import Random
from typing import Final, NamedTuple

import msgspec

from loadtest.visits import Look, Message, Visit, Wire, iso

_encode: Final = msgspec.json.Encoder().encode


class Spot(NamedTuple):
    """An element: where it stands (its middle of the width, px from the top) and how often it is clicked."""

    element: str
    x: float
    y: int
    weight: float
    href: str = ""


SPOTS: Final = (
    Spot("header#top > nav:nth-of-type(1) > a.brand:nth-of-type(1)", 0.06, 32, 4, "/"),
    Spot("header#top > nav:nth-of-type(1) > a:nth-of-type(2)", 0.3, 32, 7, "/tea"),
    Spot("header#top > nav:nth-of-type(1) > a:nth-of-type(3)", 0.42, 32, 3, "/courses"),
    Spot("input#search", 0.7, 32, 8),
    Spot("main#content > section.hero:nth-of-type(1) > a.button:nth-of-type(1)", 0.5, 420, 12, "/sale"),
    Spot(
        "ul#products > li:nth-of-type(1) > a:nth-of-type(1) > img:nth-of-type(1)", 0.2, 760, 14, "/p/P-1001"
    ),
    Spot("ul#products > li:nth-of-type(1) > button.buy:nth-of-type(1)", 0.2, 960, 9),
    Spot("ul#products > li:nth-of-type(2) > a:nth-of-type(1) > img:nth-of-type(1)", 0.5, 760, 9, "/p/P-1002"),
    Spot("ul#products > li:nth-of-type(2) > button.buy:nth-of-type(1)", 0.5, 960, 5),
    Spot("ul#products > li:nth-of-type(3) > a:nth-of-type(1) > img:nth-of-type(1)", 0.8, 760, 7, "/p/P-1003"),
    Spot("ul#products > li:nth-of-type(3) > button.buy:nth-of-type(1)", 0.8, 960, 3),
    Spot("main#content > section:nth-of-type(3) > p:nth-of-type(1) > b:nth-of-type(1)", 0.4, 1600, 3),
    Spot("footer#about > a:nth-of-type(1)", 0.3, 2350, 2, "/help/shipping"),
)
_HEIGHT: Final = 2_400
_SAMPLE: Final = 0.3
_RAGE: Final = SPOTS[-2]  # it looks like a button and is none


def touches(visit: Visit) -> Iterator[Message]:
    """The messages of a visit's pages, each with an id of its own; three visits of ten tell of any."""
    if Random(visit.prefix).random() > _SAMPLE:
        return
    for number, look in enumerate(visit.looks):
        rng = Random(f"{visit.prefix}{number}")
        for at, (moment, event, properties) in enumerate(_of(rng, look, visit)):
            message_id = f"{visit.prefix}{number:04d}-t{at:02d}"
            wire = Wire("track", message_id, iso(moment), look.context, visit.device.anonymous_id)
            wire.user_id, wire.event, wire.properties = visit.user_id, event, msgspec.Raw(_encode(properties))
            yield Message(moment * 1000, message_id, _encode(wire))


def _of(rng: Random, look: Look, visit: Visit) -> Iterator[tuple[int, str, dict[str, object]]]:
    width, height = visit.device.agent.width, visit.device.agent.height
    seen = min(1.0, height / _HEIGHT + rng.betavariate(1.1, 1.9))
    within = [one for one in SPOTS if one.y <= seen * _HEIGHT]
    lasts = max(1, look.until - look.at)
    for one in rng.choices(within, [one.weight for one in within], k=rng.choice((0, 0, 1, 1, 2))):
        again = 4 if one is _RAGE else 1
        begun = look.at + int(rng.random() * lasts)
        for number in range(again):
            x, y = one.x * width + rng.gauss(0, 0.02 * width), one.y + rng.gauss(0, 12)
            told: dict[str, object] = {
                "element": one.element,
                "x": max(0, min(width - 1, round(x))),
                "y": max(0, round(y)),
                "viewport_width": width,
                "viewport_height": height,
            }
            if one.href:
                told["href"] = f"https://shop.linhe.example{one.href}"
            yield begun + 300 * number, "Element Clicked", told
    yield look.until, "Page Engaged", {"engaged_ms": lasts, "scroll_percent": round(100 * seen)}
