"""What customers say after an order: how likely they would recommend the shop, and some a word about it.

It draws from its own chance, so that the rest of the shop's traffic is the same with it and without it.
"""

from collections.abc import Iterator
from random import Random
from typing import Final

import msgspec

from loadtest.visits import MINUTE_MS, Message, Visit, Wire, iso

_encode: Final = msgspec.json.Encoder().encode
_ORDERED: Final = b'"event":"Order Completed"'
_SHARE: Final = 0.35
_SCORES: Final = (1, 1, 1, 1, 2, 3, 4, 8, 14, 18, 22)  # how often each of 0 to 10 is given
_WORDS: Final = {
    "promoter": (
        "The tea is wonderful, thank you!",
        "包装很好，很喜欢",
        "Great service, fast delivery",
        "非常满意",
    ),
    "passive": ("Good, but delivery took a week", "还可以", "Nice shop", "一般"),
    "detractor": (
        "The cup arrived broken, very disappointed",
        "物流太慢，很失望",
        "Support never answered",
        "太贵了",
    ),
}


def answers(visit: Visit) -> Iterator[Message]:
    """The answer to the survey that came with an order, within the hour after the visit; some give one."""
    rng = Random(f"{visit.prefix}nps")
    if rng.random() > _SHARE or not any(_ORDERED in one.body for one in visit.messages):
        return
    (score,) = rng.choices(range(11), _SCORES)
    told: dict[str, object] = {"survey": "after-order", "score": score}
    if rng.random() < 0.4:
        told["comment"] = rng.choice(
            _WORDS["promoter" if score > 8 else "passive" if score > 6 else "detractor"]
        )
    at, message_id = visit.clock + int((1 + 50 * rng.random()) * MINUTE_MS), f"{visit.prefix}nps"
    context = msgspec.Raw(visit.device.context + b"}")
    wire = Wire("track", message_id, iso(at), context, visit.device.anonymous_id)
    wire.user_id, wire.event, wire.properties = visit.user_id, "Survey Answered", msgspec.Raw(_encode(told))
    yield Message(at * 1000, message_id, _encode(wire))
