"""How far everyone came, as a chain of named SELECTs.

Ordered: each step is joined to the latest event of the step before it (ASOF). The latest has the latest
beginning, and beginnings only grow, so nothing that could go on within the window is missed. Strict: the
same, to the event just before. Any: when each step comes next, from every event on.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from warehouse.insights.asked import Asked
from warehouse.insights.journey import Plan
from warehouse.statements import statement

_MOMENT: Final = {"same_second": "epoch_us(e.timestamp) // 1000000 * 1000000"}
_NEVER: Final = str((1 << 63) - 1)
# The order of events: by moment, by the step it is of, by when it came; in one number, for joins are by one.
_TURN: Final = "((moment::HUGEINT * 32 + {turn}) * 9223372036854775808 + load_seq)"
_COMES: Final = "((moment::HUGEINT * 32) * 9223372036854775808 + load_seq)"


class Cells(Struct, frozen=True):
    """What journeys are kept apart by. `every`: SQL of the interval of the event `e` that begins one, or "".

    `by`: names of columns whose value at step `at` a journey belongs to; `columns`: more columns of events;
    `everything`: what happened is to hold events that are no steps too; `earlier`: so many µs before the
    period journeys begin as well.
    """

    every: str = ""
    by: tuple[str, ...] = ()
    at: int = 1
    columns: Mapping[str, str] = {}
    everything: bool = False
    earlier: int = 0


class Chains:
    """`sql`: SELECTs by name, the last of them `reached`: `keys`, `level` (steps reached), `latest` (the last
    beginning) and `t1` … (µs UTC, of the journey that came furthest first); `happened` is what it read.
    """

    def __init__(self, asked: Asked, plan: Plan, cells: Cells) -> None:
        self.asked, self.plan, self.cells = asked, plan, cells
        self.size = len(plan.steps)
        self.keys = ["owner", *(f"held{number}" for number in range(len(plan.hold)))]
        self.keys += ["local"] if cells.every else []
        self.keys += cells.by
        self.by_place = self._by_place()
        self.within = asked.values.bind(plan.within)
        self.sql: dict[str, str] = {"happened": self._happened()}
        self._begin()
        {"ordered": self._ordered, "strict": self._strict, "any": self._any}[plan.order]()
        self._reach()

    @property
    def ctes(self) -> str:
        return ",\n".join(f"{name} AS (\n{sql.rstrip()}\n)" for name, sql in self.sql.items())

    @property
    def is_step(self) -> str:
        return f"({' OR '.join(f's{step}' for step in self._steps)})"

    @property
    def times(self) -> list[str]:
        return [f"t{step}" for step in self._steps]

    @property
    def _steps(self) -> range:
        return range(1, self.size + 1)

    def _by_place(self) -> bool:
        """Whether events of one moment need an order, or none of them is of two steps anyway."""
        ties = self.plan.ties
        return ties == "arrival" or (ties != "apart" and self.plan.overlap) or self.plan.order == "strict"

    @property
    def _place(self) -> str:
        if not self.by_place:
            return "moment"
        if self.plan.ties == "arrival":
            return _COMES
        turns = " ".join(f"WHEN s{step} THEN {step - 1}" for step in self._steps)
        return _TURN.format(turn=f"CASE {turns} ELSE {self.size} END")

    def _happened(self) -> str:
        asked, plan = self.asked, self.plan
        which = [asked.is_one(one) for one in plan.steps]
        barred = [asked.is_one(one) for one, _, _ in plan.barred]
        held = [asked.field(name).text for name in plan.hold]
        columns = {"moment": _MOMENT[plan.ties]} if plan.ties in _MOMENT else {}
        columns |= {f"s{step}": sql for step, sql in enumerate(which, 1)}
        columns |= {f"x{number}": sql for number, sql in enumerate(barred)}
        columns |= {f"held{number}": sql for number, sql in enumerate(held)}
        columns |= {"local": self.cells.every} if self.cells.every else {}
        columns |= {"load_seq": "e.load_seq"} if self.by_place else {}
        columns |= self.cells.columns
        having = [f"{sql} IS NOT NULL" for sql in held]
        if plan.order != "strict" and not self.cells.everything:
            having.append(f"({' OR '.join(dict.fromkeys([*which, *barred]))})")
        return asked.happened(columns, having, earlier=self.cells.earlier, later=plan.later)

    def _begin(self) -> None:
        bind, period = self.asked.values.bind, self.asked.period
        begins = self.is_step if self.plan.order == "any" else "s1"
        within = f"moment >= {bind(period.since - self.cells.earlier)} AND moment < {bind(period.until)}"
        self._add("begun", begins=f"({begins} AND {within})")
        if self.plan.first:
            self._add("first", place=self._place, keys=", ".join(self.keys[: 1 + len(self.plan.hold)]))
        self.begun = [*self.sql][-1]
        if self.cells.every:
            self._add("entries", begun=self.begun)
        if self.cells.by:
            at = self.cells.at
            marked = "begins" if at == 1 else f"s{at}"
            self._add("marks", begun=self.begun, by=", ".join(self.cells.by), marked=marked)
        self._place_them()

    def _place_them(self) -> None:
        """Each event comes once for each interval and value whose journeys it could be of."""
        columns = {"owner": "h.owner", "moment": "h.moment", "begins": "h.begins"}
        columns |= {f"s{step}": f"h.s{step}" for step in self._steps}
        columns |= {f"x{number}": f"h.x{number}" for number in range(len(self.plan.barred))}
        columns |= {name: f"h.{name}" for name in self.keys if name.startswith("held")}
        columns |= {"load_seq": "h.load_seq"} if self.by_place else {}
        joins = ""
        if self.cells.every:
            joins += (
                "JOIN entries AS c ON c.owner = h.owner"
                f" AND h.moment >= c.opens AND h.moment <= c.closes + {self.within}\n"
            )
            columns |= {"local": "c.local", "begins": f"({columns['begins']} AND h.local = c.local)"}
        if self.cells.by:
            joins += "LEFT JOIN marks AS m ON m.owner = h.owner\n"
            same = " AND ".join(f"h.{name} = m.{name}" for name in self.cells.by)
            name = "begins" if self.cells.at == 1 else f"s{self.cells.at}"
            columns |= {one: f"coalesce(m.{one}, '(none)')" for one in self.cells.by}
            columns[name] = f"({columns[name]} AND coalesce({same}, FALSE))"
        listed = ",\n    ".join(f"{sql} AS {name}" for name, sql in columns.items())
        self._add("placed", columns=listed, begun=self.begun, joins=joins)

    def _ordered(self) -> None:
        if self.by_place:
            self.sql["turned"] = f"SELECT *, {self._place} AS place\nFROM placed"
        self._chain("turned" if self.by_place else "placed", "place" if self.by_place else "")

    def _strict(self) -> None:
        always = "TRUE" if self.plan.ties == "arrival" else self.is_step
        self._add("line", keys=self._listed(), place=self._place, always=always)
        self._chain("line", "position")

    def _chain(self, placed: str, carried: str) -> None:
        """A step each; `carried`: what events are joined by, where it is not their moment."""
        own = f"{carried}, " if carried else ""
        self._add("entry", "step1", keys=self._listed(), carried=own, placed=placed)
        for step in self._steps[1:]:
            self._add(
                "next",
                f"step{step}",
                keys=self._listed("c"),
                plain_keys=self._listed(),
                carried=f"c.{own}" if carried else "",
                plain_carried=own,
                times=", ".join(f"b.t{one}" for one in range(1, step)),
                number=step,
                placed=placed,
                before=step - 1,
                join="JOIN" if carried == "position" else "ASOF JOIN",
                same=self._same("c", "b"),
                later=self._later(step, carried),
                within=self.within,
                **self._barred(step, placed),
            )

    def _later(self, step: int, carried: str) -> str:
        apart = self.plan.ties == "apart"
        if carried == "position":
            after = f" AND c.moment > b.t{step - 1}" if apart else ""
            return f"c.position = b.position + 1{after}"
        return "c.place > b.place" if carried else f"c.moment {'>' if apart else '>='} b.t{step - 1}"

    def _barred(self, step: int, placed: str) -> dict[str, str]:
        """What keeps excluded events from lying between a step and the one before."""
        excluded = self._excluded(step - 1)
        if not excluded:
            return {"barred": "", "clean": ""}
        barred = statement(
            "insights/chain/barred",
            plain_keys=self._listed(),
            placed=placed,
            excluded=excluded,
            same=self._same("c", "x"),
        )
        return {"barred": barred, "clean": f"\n    AND coalesce(x.moment <= b.t{step - 1}, TRUE)"}

    def _any(self) -> None:
        excluded = self._excluded(1)
        names = [f"n{step}" for step in self._steps]
        nexts = [f"min(CASE WHEN s{step} THEN moment END) OVER onwards AS n{step}" for step in self._steps]
        bar = f"coalesce(min(CASE WHEN {excluded} THEN moment END) OVER beyond, {_NEVER})"
        self._add("ahead", keys=self._listed(), next=", ".join(nexts), bar=bar if excluded else _NEVER)
        self._add("met", keys=self._listed(), next=", ".join(names), within=self.within)
        for step in self._steps:
            times = ", ".join(f"met[{one}] AS t{one}" for one in range(1, step + 1))
            only = "" if step == 1 else self._shortest(step)
            self._add("any", f"step{step}", keys=self._listed(), times=times, number=step, only=only)

    def _shortest(self, step: int) -> str:
        """Of windows that end with the same event the one that began last."""
        line = f"PARTITION BY {self._listed()} ORDER BY met[{step}], met[1] DESC"
        return f"QUALIFY row_number() OVER ({line}) = 1\n"

    def _reach(self) -> None:
        for step in self._steps:
            times = ", ".join(f"min({time}) AS {time}" for time in self.times[:step])
            self._add("reach", f"reach{step}", keys=self._listed(), times=times, number=step)
        down = [*reversed(self._steps)]
        level = " ".join(f"WHEN reach{step}.t{step} IS NOT NULL THEN {step}" for step in down)
        times = ", ".join(
            f"coalesce({', '.join(f'reach{step}.{time}' for step in down if step >= number)}) AS {time}"
            for number, time in enumerate(self.times, 1)
        )
        joins = "".join(f"LEFT JOIN reach{step} USING ({self._listed()})\n" for step in self._steps[1:])
        joins += self._dropped()
        self._add("reached", keys=self._listed(), level=f"CASE {level} END", times=times, joins=joins)

    def _dropped(self) -> str:
        """Leaves out who is dropped for what they did."""
        if not self.plan.drop or self.plan.order != "ordered" or not self.plan.barred:
            return ""
        shared = {"keys": self._listed(), "within": self.within}
        self.sql["dropped"] = "UNION ALL\n".join(
            statement("insights/chain/dropped", number=step, after=step + 1, excluded=excluded, **shared)
            for step in self._steps[:-1]
            if (excluded := self._excluded(step))
        )
        return f"WHERE ({self._listed()}) NOT IN (SELECT ({self._listed()}) FROM dropped)\n"

    def _excluded(self, after: int) -> str:
        """SQL: what must not come between this step and the next; "" where everything may."""
        found = [
            f"x{number}" for number, (_, first, last) in enumerate(self.plan.barred) if first <= after < last
        ]
        return " OR ".join(found)

    def _add(self, form: str, name: str = "", **parts: int | str) -> None:
        """The next SELECT of the chain, made by this form."""
        self.sql[name or form] = statement(f"insights/chain/{form}", **parts)

    def _listed(self, alias: str = "") -> str:
        return ", ".join(f"{alias}.{name}" if alias else name for name in self.keys)

    def _same(self, one: str, other: str) -> str:
        return " AND ".join(f"{one}.{name} = {other}.{name}" for name in self.keys)
