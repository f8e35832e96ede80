"""The statement of paths, put together from what the question says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from warehouse.insights.asked import Asked
from warehouse.insights.errors import BadQuestion
from warehouse.insights.fields import IN_SESSION
from warehouse.insights.period import span
from warehouse.insights.trend import NONE, OTHER
from warehouse.statements import statement

if TYPE_CHECKING:
    from warehouse.insights.paths import Paths

MORE: Final = "(more)"
_SHOWN: Final = {
    "event": "CASE e.type WHEN 'track' THEN e.event ELSE e.type || ':' || coalesce(e.event, '*') END",
    "page": "CASE WHEN e.page_path IS NOT NULL THEN '/' || trim(e.page_path, '/') END",
}
_EVER: Final = 1 << 62


class Walks:
    """Puts the statement together. A walk: what a unit does in a session, until a pause, or in a window."""

    def __init__(self, asked: Asked, question: Paths) -> None:
        self.asked, self.question = asked, question
        self.gap, self.window = span("gap", question.gap), span("window", question.window)
        self.events = [asked.selector(one) for one in question.events]
        self.start = None if question.start is None else asked.selector(question.start)
        self.end = None if question.end is None else asked.selector(question.end)
        if question.per == "window" and self.start is None and self.end is None:
            raise BadQuestion("per 'window' counts from an event; start or end would name it")

    @property
    def backward(self) -> bool:
        """From the end back: everything is in the opposite order."""
        return self.start is None and self.end is not None

    @property
    def between(self) -> bool:
        return self.start is not None and self.end is not None

    @property
    def anchored(self) -> bool:
        return self.start is not None or self.end is not None

    def sql(self) -> str:
        """Columns: kind, step, item, the one that follows, units, walks, µs in between, and walks that ended,
        reached the end, were cut. Kind 0: all of them; 1: nodes and edges; 2: mature units.
        """
        question = self.question
        return statement(
            "insights/paths",
            happened=self._happened(),
            walks=self._anchored() if self.anchored else self._all(),
            steps=self._steps(),
            top=question.top,
            named=self._named(),
            more=MORE,
            other=OTHER,
            over=f"entry + {self.window}" if question.per == "window" else f"moment + {self.gap}",
            complete=self.asked.complete_us,
        )

    @property
    def _lanes(self) -> str:
        return "owner, visit" if self.question.per == "session" else "owner"

    @property
    def _order(self) -> str:
        return "moment DESC, load_seq DESC" if self.backward else "moment, load_seq"

    def _which(self) -> tuple[str, str, str]:
        """SQL: whether an event starts a walk, ends it, or is of it at all."""
        asked = self.asked
        start = asked.is_one(self.start) if self.start else "FALSE"
        end = asked.is_one(self.end) if self.end else "FALSE"
        of = " OR ".join([*(asked.is_one(one) for one in self.events), start, end])
        return (end, "FALSE", of) if self.backward else (start, end, of)

    @property
    def listed(self) -> str:
        """SQL: whether an event is of a walk at all."""
        return f"({self._which()[2]})"

    def _happened(self) -> str:
        """Events of the range; with a window what follows an entry is read beyond it."""
        asked, period = self.asked, self.asked.period
        starts, ends, of = self._which()
        if self.question.per == "session":
            asked.field("session.session_id")
        columns = {
            "load_seq": "e.load_seq",
            "item": f"hash({item(self.asked, self.question.items)})",
            **(
                {"visit": f"CASE WHEN {IN_SESSION} THEN hash(v.session_id) ELSE 0 END"}
                if "visit" in self._lanes
                else {}
            ),
        }
        if self.anchored:
            since, until = asked.values.bind(period.since), asked.values.bind(period.until)
            columns["starts"] = (
                f"{starts} AND epoch_us(e.timestamp) >= {since} AND epoch_us(e.timestamp) < {until}"
            )
            columns["ends"] = ends
        earlier, later = self._reach()
        return asked.happened(columns, [f"({of})"], earlier=earlier, later=later)

    def _reach(self) -> tuple[int, int]:
        window = self.window if self.question.per == "window" else 0
        return (min(window, self.asked.period.since), 0) if self.backward else (0, window)

    def _named(self) -> str:
        earlier, later = self._reach()
        return self.asked.happened(
            {"item": item(self.asked, self.question.items)},
            [self.listed],
            earlier=earlier,
            later=later,
            owned=False,
        )

    def _all(self) -> str:
        opens = "before IS NULL"
        if self.question.per == "gap":
            opens = f"(before IS NULL OR moment - before >= {self.gap})"
        return statement("insights/walks_all", lanes=self._lanes, opens=opens, repeats=self._repeats)

    def _anchored(self) -> str:
        opens = f"CASE WHEN before IS NULL OR abs(moment - before) >= {self.gap} THEN place END"
        run = f"max({opens}) OVER (PARTITION BY {self._lanes} ORDER BY place ROWS UNBOUNDED PRECEDING)"
        turn = "CASE WHEN starts THEN ends::INT ELSE 2 + ends::INT END"
        goal = "min(CASE WHEN ends THEN {} END) OVER after"
        return statement(
            "insights/walks_anchored",
            lanes=self._lanes,
            order=f"moment, {turn}, load_seq" if self.between else self._order,
            run=run if self.question.per == "gap" else "0",
            goal=goal.format("place") if self.between else "NULL::BIGINT",
            goal_at=goal.format("moment") if self.between else "NULL::BIGINT",
            window=self.window if self.question.per == "window" else _EVER,
            of_run=", ".join(f"r.{name}" for name in self._lanes.split(", ")),
            repeats=self._repeats,
        )

    def _steps(self) -> str:
        depth, lanes = self.question.depth, self._lanes
        passed = [f"WHEN lag(opens, {by}) OVER one THEN {by + 1}" for by in range(1, depth + self.between)]
        front = f"CASE WHEN opens THEN 1 {' '.join(passed)} END"
        if not self.between:
            return statement(
                "insights/steps",
                lanes=lanes,
                depth=depth,
                front=front,
                order="place" if self.anchored else "moment, place",
                anchored=str(self.anchored).upper(),
            )
        ahead = [
            f"WHEN lead(opens, {by}) OVER one THEN NULL WHEN lead(reached, {by}) OVER one THEN {by + 1}"
            for by in range(1, depth)
        ]
        head = (depth + 1) // 2
        return statement(
            "insights/steps_between",
            lanes=lanes,
            depth=depth,
            front=front,
            back=f"CASE WHEN reached THEN 1 {' '.join(ahead)} END",
            head=head,
            tail=depth - head,
        )

    @property
    def _repeats(self) -> str:
        return "TRUE" if self.question.repeats else "FALSE"


def item(asked: Asked, shown: str) -> str:
    """SQL of what a step shows: `event`, `page`, or a field."""
    text = _SHOWN[shown] if shown in _SHOWN else asked.field(shown).text
    return f"coalesce({text}, '{NONE}')"
