"""The rows of a segment as they are made.

What many rows share (their request, verdict, place, scene) stands here once and has a number; a row has the
numbers, and what is its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from operator import attrgetter
from typing import Any, Final

from sdk_contract.canonical import Event
from sdk_contract.verdicts import Judgement
from warehouse.enrich.event import MOMENT
from warehouse.enrich.scene import SCENE, Scene, Scenes

OF_REQUEST: Final = (
    *("project", "key_id", "key_no", "dialect", "plan_version", "received_at", "record"),
    *("kind", "privacy", "signals", "visitor_id", "ip"),
)
OF_VERDICT: Final = ("verdict", "reason", "pointer", "expected")
OF_PLACE: Final = ("country", "region", "city")
# Of each row: the numbers of what it shares, and what is its own.
NUMBERS: Final = ("of_request", "of_verdict", "of_place", "of_scene")
OWN: Final = ("index", "message_id", "raw", "uncleaned")
NO_SCENE: Final = 0

# What is as it was sent: the row's column and the event's field.
SENT: Final = {
    "original_timestamp": "timestamp",
    **{name: name for name in ("type", "event", "category", "user_id", "anonymous_id", "group_id")},
    **{name: name for name in ("previous_id", "properties", "traits", "integrations", "extra")},
}
COLUMNS: Final = (*NUMBERS, *OWN, *MOMENT, *SENT)

Row = tuple[Any, ...]  # the values of `COLUMNS`
as_sent: Final[Callable[[Event], tuple[Any, ...]]] = attrgetter(*SENT.values())
_AT_ONCE: Final = 500  # so many rows are still in the processor's cache when they are turned
_OK: Final = ("ok", None, None, None)


class Numbered:
    """Distinct tuples in the order in which they came, each with its number."""

    def __init__(self) -> None:
        self.rows: list[tuple[Any, ...]] = []
        self._numbers: dict[tuple[Any, ...], int] = {}

    def number(self, row: tuple[Any, ...]) -> int:
        found = self._numbers.get(row)
        if found is None:
            found = self._numbers[row] = len(self.rows)
            self.rows.append(row)
        return found


class Sheet:
    """The rows of a segment in columns, and what they share."""

    def __init__(self, segment_id: str) -> None:
        self.segment_id = segment_id
        self.columns: dict[str, list[Any]] = {name: [] for name in COLUMNS}
        self.requests: list[tuple[Any, ...]] = []
        self.verdicts, self.places = Numbered(), Numbered()
        self.scenes: list[Scene] = [(None,) * len(SCENE)]
        self.nowhere = self.places.number((None, None, None))
        self._by_agent: dict[str | None, Scenes] = {}
        self._rows: list[Row] = []

    def add(self, rows: Iterable[Row]) -> None:
        self._rows += rows
        if len(self._rows) >= _AT_ONCE:
            self.turn()

    def turn(self) -> None:
        """Turns the rows that were added into columns."""
        if not self._rows:
            return
        for column, more in zip(self.columns.values(), zip(*self._rows, strict=True), strict=True):
            column += more
        self._rows = []

    def request(self, values: tuple[Any, ...]) -> int:
        """The number of a request, `values` of `OF_REQUEST`."""
        self.requests.append(values)
        return len(self.requests) - 1

    def verdict(self, judged: Judgement | None) -> int:
        """The number of a verdict; None is a plain ok."""
        if judged is None:
            return self.verdicts.number(_OK)
        reason = judged.reason.value if judged.reason else None
        return self.verdicts.number((judged.verdict.value, reason, judged.pointer, judged.expected))

    def scenes_of(self, user_agent: str | None) -> Scenes:
        """The scenes of requests with this user agent."""
        found = self._by_agent.get(user_agent)
        if found is None:
            found = self._by_agent[user_agent] = Scenes(self.scenes, user_agent)
        return found
