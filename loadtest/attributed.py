"""Attribution over a million made-up journeys, and over ChannelAttribution's data where somebody has it.

That data (Data.csv of its source package 2.2.5: 10,000 paths, 12 channels) is under the GPL-3 like all of it,
so it does not stand here: give its file. What is expected of it is the table below: its chain solved exactly,
to which its own simulation comes within 0.15 % after twenty million steps.
"""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from time import process_time
from typing import Final

import msgspec
import numpy as np

from sdk_contract.errors import Terminal
from warehouse.insights.marketing.journeys import Floats, Journeys
from warehouse.insights.marketing.models import Model, credits_of

PUBLISHED: Final[dict[Model, dict[str, float]]] = {
    "markov_global": {
        "alpha": 5344.95, "iota": 3884.61, "eta": 3340.85, "beta": 2527.35, "theta": 1971.91,
        "lambda": 1282.85, "epsilon": 599.57, "zeta": 381.06, "kappa": 274.36, "gamma": 171.15,
        "delta": 4.61, "mi": 1.72,
    },
    "markov_journey": {
        "alpha": 8285.48, "iota": 4238.96, "eta": 3667.19, "beta": 1896.76, "lambda": 808.31, "theta": 702.49,
        "epsilon": 84.21,
    },
    "first": {"alpha": 6308, "iota": 4606, "eta": 3164},
    "last": {"alpha": 8447, "iota": 3355, "eta": 4167},
    "linear": {"alpha": 7574.719, "iota": 3857.096, "eta": 3539.951},
}  # fmt: skip
_HALF_DIGIT: Final = 0.006
_JOURNEY_DIGIT: Final = 0.11  # the other library's sums were published after its own rounding
_WON: Final = 0.2
_LENGTH: Final = 3.5
_COLUMNS: Final = ["path", "total_conversions", "total_conversion_value", "total_null"]


class AttributionFigures(msgspec.Struct, frozen=True):
    """CPU seconds of Markov's removal effects and credits by order, the largest difference that another order
    of the journeys makes, and, where the file is given, that from what is published; null where it is not.
    """

    journeys: int
    touches: int
    channels: int
    markov_s: dict[str, float]
    reordered: float
    published: float | None


class NotThatFile(Terminal):
    """A file is not ChannelAttribution's Data.csv."""


def attributed(
    paths: int, channels: int, seed: int, data: Path | None, report: Callable[[str], None]
) -> AttributionFigures:
    """`paths` journeys over so many channels, timed for each order."""
    made = random_journeys(paths, channels, seed)
    report(f"{paths:,} journeys with {len(made.code):,} touches")
    took: dict[str, float] = {}
    credits: Floats = np.zeros(0)
    for order in (1, 2, 3):
        began = process_time()
        found = credits_of(made, "markov_global", 1.0, order).conversions
        took[str(order)] = round(process_time() - began, 2)
        credits = found if order == 1 else credits
        report(f"order {order}: {took[str(order)]} CPU seconds")
    other = credits_of(reordered(made, seed), "markov_global", 1.0, 1).conversions
    return AttributionFigures(
        journeys=paths,
        touches=len(made.code),
        channels=channels,
        markov_s=took,
        reordered=float(np.abs(other - credits).max()),
        published=None if data is None else off_published(read_paths(data)),
    )


def random_journeys(paths: int, channels: int, seed: int) -> Journeys:
    """One in five converts; what follows a touch depends on it."""
    random = np.random.default_rng(seed)
    lengths = random.geometric(1 / _LENGTH, paths)
    won = np.sort(random.random(paths) < _WON)
    place = np.cumsum(won) - 1
    journey = np.repeat(np.where(won, place, np.arange(paths) - paths), lengths)
    steps = random.zipf(1.6, len(journey)) % channels
    starts = np.cumsum(lengths) - lengths
    walked = np.cumsum(steps)
    code = (walked - np.repeat(walked[starts] - steps[starts], lengths)) % channels
    names = [f"c{number}" for number in range(channels)]
    size = len(journey)
    return Journeys(names, np.ones(int(won.sum())), journey, code, np.zeros(size), np.zeros(size, np.bool_))


def reordered(of: Journeys, seed: int) -> Journeys:
    """The same journeys one after the other in another order."""
    starts, lengths = of.starts, of.lengths
    order = np.random.default_rng(seed + 1).permutation(len(starts))
    begins = np.repeat(starts[order], lengths[order])
    within = np.arange(len(of.code)) - np.repeat(np.cumsum(lengths[order]) - lengths[order], lengths[order])
    at = begins + within
    columns = {name: getattr(of, name)[at] for name in ("journey", "code", "age", "direct")}
    return msgspec.structs.replace(of, **columns)


def read_paths(path: Path) -> Journeys:
    """ChannelAttribution's file: a path a line, and how often it converted and did not. NotThatFile."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file, delimiter=";"))
    if not rows or rows[0] != _COLUMNS:
        raise NotThatFile(f"{path} does not begin with {';'.join(_COLUMNS)}")
    found = [(line[0].split(" > "), int(line[1]), int(line[3])) for line in rows[1:]]
    names = sorted({name for touches, _, _ in found for name in touches})
    place = {name: code for code, name in enumerate(names)}
    coded = [(np.array([place[name] for name in touches]), won, lost) for touches, won, lost in found]
    lost = [np.tile(codes, times) for codes, _, times in coded]
    won = [np.tile(codes, times) for codes, times, _ in coded]
    sizes = [np.repeat(len(codes), times) for codes, _, times in coded]
    gains = [np.repeat(len(codes), times) for codes, times, _ in coded]
    lost_sizes, won_sizes = np.concatenate(sizes), np.concatenate(gains)
    journey = np.concatenate(
        [
            np.repeat(np.arange(-len(lost_sizes), 0), lost_sizes),
            np.repeat(np.arange(len(won_sizes)), won_sizes),
        ]
    )
    code = np.concatenate([*lost, *won])
    size = len(code)
    values = np.ones(len(won_sizes))
    return Journeys(names, values, journey, code, np.arange(size, 0, -1.0), np.zeros(size, np.bool_))


def off_published(of: Journeys) -> float:
    """The largest difference from the published tables, in halves of their last digit; 1 or less agrees."""
    worst = 0.0
    for model, table in PUBLISHED.items():
        found = credits_of(of, model, 1.0, 1).conversions
        digit = _JOURNEY_DIGIT if model == "markov_journey" else _HALF_DIGIT
        for name, published in table.items():
            worst = max(worst, abs(float(found[of.names.index(name)]) - published) / digit)
    return round(worst, 3)
