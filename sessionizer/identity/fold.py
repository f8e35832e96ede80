"""The fold: edges of contested components, accepted or blocked one after another."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from sessionizer.identity.rules import IdentityRules


class Look(NamedTuple):
    """One edge as the fold sees it: labels, keys, the kind of both ids where it is the same (else -1), the
    day (days since 1970), and who says so.
    """

    left: int
    right: int
    keys: tuple[int, int]
    same_kind: int
    day: int
    is_link: bool
    is_alias: bool
    is_decision: bool


class Customer(msgspec.Struct):
    """What counts of a customer: ids of all kinds, links, and by limited kind the values, each with the day
    on which it was first named; several lives of an id are one value.
    """

    ids: int
    links: int = 0
    days: dict[int, dict[int, int]] = {}

    def hold(self, code: int, value: int, day: int) -> None:
        """It has this value."""
        held = self.days.setdefault(code, {})
        held[value] = min(day, held.get(value, day))


class Fold:
    """Customers by label, which edges join."""

    def __init__(self, rules: IdentityRules, customers: dict[int, Customer]) -> None:
        self._rules = rules
        self._limited = {code: kind for code, kind in enumerate(rules.kinds) if kind.limit is not None}
        self._customers = customers
        self._parent = {label: label for label in customers}
        self._settled: set[tuple[int, int]] = set()

    def take(self, look: Look) -> str:
        """Join the two customers of an edge: empty text, or the rule that blocks it. `settled` is an edge
        that was decided for good before.
        """
        if look.keys in self._settled and not look.is_decision:
            return "settled"
        left, right = self._root(look.left), self._root(look.right)
        rule = self._breaks(left, right, look)
        if not rule.startswith("window_"):
            self._settled.add(look.keys)
        if not rule:
            self._join(left, right, look)
        return rule

    def _root(self, label: int) -> int:
        parent = self._parent
        while parent[label] != label:
            parent[label] = label = parent[parent[label]]
        return label

    def _breaks(self, left: int, right: int, look: Look) -> str:
        if left == right:
            return ""
        a, b = self._customers[left], self._customers[right]
        if a.ids + b.ids > self._rules.most_ids:
            return "most_ids"
        if a.links + b.links + look.is_link > self._rules.most_links:
            return "most_links"
        if look.is_decision:
            return ""
        for code in a.days.keys() & b.days.keys():
            if rule := self._over(code, a.days[code], b.days[code], look):
                return rule
        return ""

    def _over(self, code: int, mine: dict[int, int], theirs: dict[int, int], look: Look) -> str:
        kind = self._limited[code]
        assert kind.limit is not None
        few, many = sorted((mine, theirs), key=len)
        added = sum(value not in many for value in few)
        if not added:
            return ""
        if kind.window_days is not None:
            days = _first_days(few, many).values()
            within = sum(look.day - day < kind.window_days for day in days)
            return f"window_{kind.name}" if within > kind.limit else ""
        if kind.unique:
            said_same = look.is_alias and look.same_kind == code
            return "" if said_same else f"unique_{kind.name}"
        return f"limit_{kind.name}" if len(many) + added > kind.limit else ""

    def _join(self, left: int, right: int, look: Look) -> None:
        self._customers[left].links += look.is_link
        if left == right:
            return
        a, b = self._customers[left], self._customers[right]
        if a.ids < b.ids:
            left, right, a, b = right, left, b, a
        self._parent[right] = left
        a.ids += b.ids
        a.links += b.links
        for code, days in b.days.items():
            for value, day in days.items():
                a.hold(code, value, day)
        del self._customers[right]


def _first_days(few: dict[int, int], many: dict[int, int]) -> dict[int, int]:
    """The values of both with the earlier day."""
    return many | {value: min(day, many.get(value, day)) for value, day in few.items()}
