"""Entries put into the registry: each once, with what is to become of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec

from sdk_contract.privacy import Vault
from warehouse.actions.entries import Found, Since, entries
from warehouse.actions.keys import entry_id, is_held_out
from warehouse.actions.known import EMAIL, Known, known
from warehouse.actions.published import destinations, in_force
from warehouse.actions.quiet import leaves_at
from warehouse.actions.rules import Cap, Destination, Versioned
from warehouse.actions.withdrawing import GOOD_US, withdraw
from warehouse.insights.memberships import as_of
from warehouse.lake import Lake
from warehouse.registry import Registry
from warehouse.registry.alerts import Alert
from warehouse.times import iso

HOLDOUT: Final = "action_holdout"
AT_ONCE: Final = 1_000
_LONGEST: Final = 30 * 86_400_000_000
_SEVERITIES: Final = ("warning", "critical")


class Entered(msgspec.Struct, frozen=True):
    """What a look came to: entries that are new, those of them that are to be sent, and waiting ones that may
    not be sent any more.
    """

    entered: int = 0
    waiting: int = 0
    withdrawn: int = 0


def enter(
    lake: Lake, registry: Registry, vault: Callable[[], Vault], now: int, since: Since
) -> tuple[Entered, Since]:
    """Enter who is due; what was entered before is not entered again. `now`: µs UTC."""
    versions = in_force(registry, now - _LONGEST)
    if not versions:
        return Entered(), since
    moment, mark = as_of(lake), since if now >= since.mark else Since()
    count = waiting = 0
    for one in versions:
        there = {d.name: d for d in destinations(registry, one.project)}
        desk = _Desk(lake, registry, vault, one, there.get(one.rule.to), now)
        for rows in desk.rows(moment, mark):
            new = registry.enter(rows)
            count += new
            waiting += new and sum(row["state"] == "waiting" for row in rows)
    withdrawn = withdraw(lake, registry, vault, versions, now)
    return Entered(count, waiting, withdrawn), Since(moment, now)


class _Desk:
    """One version of a rule, and what is decided of those who enter by it."""

    def __init__(
        self,
        lake: Lake,
        registry: Registry,
        vault: Callable[[], Vault],
        one: Versioned,
        destination: Destination | None,
        now: int,
    ) -> None:
        self.lake, self.registry, self.vault, self.one, self.now = lake, registry, vault, one, now
        self.destination = destination
        self.paused = (one.project, one.rule.name) in registry.paused_actions()
        self.secret = registry.secret_setting(HOLDOUT)

    def rows(self, moment: int, since: Since) -> Iterator[list[dict[str, Any]]]:
        """What is to be entered, in parts."""
        if self.one.rule.trigger.kind == "alert":
            yield [self._alert(alert) for alert in self._alerts()]
            return
        found = entries(self.lake, self.registry, self.one, moment, since)
        for at in range(0, len(found), AT_ONCE):
            yield self._decided(found[at : at + AT_ONCE])

    def _decided(self, found: Sequence[Found]) -> list[dict[str, Any]]:
        one, rule = self.one, self.one.rule
        told = known(self.lake, self.registry, self.vault, one.project, rule, found)
        counts = _Counts(self.registry, one, found)
        rows = []
        for each in found:
            state, why = self._state(each, told, counts)
            if state in ("waiting", "withheld"):
                counts.add(each)
            rows.append(self._row(each.customer, each.entry, state, why, self._data(each, told)))
        return rows

    def _state(self, each: Found, told: Known, counts: _Counts) -> tuple[str, str]:
        rule, customer = self.one.rule, each.customer
        if self.paused:
            return "paused", "the rule was paused"
        if told.carried & {*each.evidence}:
            return "loop", "an event that an action of ours led to"
        if customer in told.suppressed:
            return "suppressed", "the customer is suppressed"
        if rule.consent is not None and customer not in told.agreed:
            return "no_consent", f"no yes to {rule.consent}"
        if self._is_unreachable(told.traits.get(customer, {})):
            return "unreachable", "no e-mail address is known"
        if (capped := counts.reached(each)) is not None:
            return "capped", capped
        if rule.holdout and is_held_out(self.secret, self.one.project, rule.name, customer, rule.holdout):
            return "withheld", "in the holdout"
        return "waiting", ""

    def _is_unreachable(self, traits: Mapping[str, str]) -> bool:
        to = self.destination
        return to is not None and to.kind == "email" and not to.said.get("address") and not traits.get(EMAIL)

    def _data(self, each: Found, told: Known) -> dict[str, Any]:
        ids, traits = told.ids.get(each.customer, ()), told.traits.get(each.customer, {})
        first = dict(reversed(ids))
        is_email = self.destination is not None and self.destination.kind == "email"
        names = {*self.one.rule.fields, *([EMAIL] if is_email else [])}
        return {
            "customer": {
                "id": each.customer,
                "user_id": first.get("user_id"),
                "anonymous_id": first.get("anonymous_id"),
                "traits": {name: value for name, value in sorted(traits.items()) if name in names},
            },
            "trigger": {
                "kind": self.one.rule.trigger.kind,
                "name": self.one.rule.trigger.name,
                "on": self.one.rule.trigger.on,
            },
            "entered_at": iso(each.entry),
            "evidence": each.evidence,
        }

    def _row(
        self, customer: str, entry: int, state: str, why: str, data: Mapping[str, Any]
    ) -> dict[str, Any]:
        one, rule = self.one, self.one.rule
        id = entry_id(one.project, rule.name, one.version, customer, entry)
        kept = state in ("waiting", "withheld")
        return {
            "id": id,
            "project": one.project,
            "rule": rule.name,
            "version": one.version,
            "customer": customer,
            "entry": entry,
            "found_at": self.now,
            "destination": rule.to,
            "state": state,
            "why": why,
            "data": msgspec.json.encode(data if kept else {}).decode(),
            "due_at": leaves_at(rule.quiet, self.now),
            "good_until": self.now + GOOD_US if rule.consent is not None and customer else None,
        }

    def _alerts(self) -> list[Alert]:
        rule, since = self.one.rule, max(self.one.since, self.now - self.one.rule.late)
        least = _SEVERITIES.index(rule.trigger.severity)
        known = {entry for _, entry in self.registry.entered(self.one.project, rule.name, 0)}
        return [
            alert
            for alert in self.registry.alerts(project=self.one.project, watch=rule.trigger.name, limit=1000)
            if alert.raised_at >= since
            and (self.one.until is None or alert.raised_at < self.one.until)
            and _SEVERITIES.index(alert.severity) >= least
            and alert.no not in known
        ]

    def _alert(self, alert: Alert) -> dict[str, Any]:
        numbers = {"value": alert.value, "expected": alert.expected, "low": alert.low, "high": alert.high}
        told = {"number": alert.no, "watch": alert.watch, "severity": alert.severity, **numbers}
        data: dict[str, Any] = {
            "customer": None,
            "trigger": {"kind": "alert", "name": alert.watch, "on": "entered"},
            "entered_at": iso(alert.raised_at),
            "evidence": [],
            "alert": {**told, "at": iso(alert.at), "direction": alert.direction},
        }
        state, why = ("paused", "the rule was paused") if self.paused else ("waiting", "")
        return self._row("", alert.no, state, why, data)


class _Counts:
    """How many entries of each customer the frequency caps count."""

    def __init__(self, registry: Registry, one: Versioned, found: Sequence[Found]) -> None:
        self._rule = one.rule
        longest = max(one.rule.cap.within, one.rule.cap_all.within)
        customers = sorted({each.customer for each in found})
        since = min(each.entry for each in found) - longest
        self._known: dict[str, list[tuple[str, int]]] = {}
        for customer, rule, entry in registry.counted_entries(one.project, customers, since):
            self._known.setdefault(customer, []).append((rule, entry))

    def add(self, each: Found) -> None:
        self._known.setdefault(each.customer, []).append((self._rule.name, each.entry))

    def reached(self, each: Found) -> str | None:
        """Which cap is reached at an entry."""
        known = self._known.get(each.customer, ())
        own = [entry for rule, entry in known if rule == self._rule.name]
        every = [entry for _, entry in known]
        for name, cap, moments in (("cap", self._rule.cap, own), ("cap_all", self._rule.cap_all, every)):
            if _is_full(cap, moments, each.entry):
                return f"{name}: {cap.count} within {cap.within // 1_000_000} s"
        return None


def _is_full(cap: Cap, moments: Sequence[int], at: int) -> bool:
    return sum(at - cap.within < moment <= at + cap.within for moment in moments) >= cap.count
