"""The rules of every write key in memory: plan, policy, suppressed people, kept up with the registry.

Built off the event loop. What cannot be built is told once and replaces nothing that works.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

import msgspec

from sdk_contract.judging import PlanRule, Rules, Suppressed, rules_of
from sdk_contract.privacy import PRESETS, Policy, Vault
from warehouse.registry import Key, PublishedPlan, Registry

if TYPE_CHECKING:
    from sdk_contract.plan import CompiledPlan

STRICTEST = "strict"


class KeyRules(msgspec.Struct, frozen=True):
    """A write key and what applies to its events. All None but the key: their shape alone is judged.

    `policy` is there where it can change what is written, with the `vault` it needs; `privacy` names it as
    `name@number`. `no_cookie` has the signals of a browser under which it gets no cookie.
    """

    key: Key
    rules: Rules | None = None
    policy: Policy | None = None
    vault: Vault | None = None
    privacy: str | None = None
    no_cookie: frozenset[str] = frozenset()


class _Named(msgspec.Struct, frozen=True):
    """A policy with its name and number."""

    policy: Policy
    text: str


class RuleBook:
    """Makes the rules of keys out of the registry. `vault` gives the keys that hash and encrypt.

    `trouble` is told what cannot be used; the last good plan or policy stays then.
    """

    def __init__(self, vault: Callable[[], Vault], trouble: Callable[[str], None]) -> None:
        self._vault, self._trouble = vault, trouble
        self._told: set[str] = set()
        self._plans: dict[str, tuple[int, CompiledPlan | None]] = {}
        self._policies: dict[str, _Named] = {}
        self._suppressed: dict[str, Suppressed] = {}
        self._suppressing: Vault | None = None

    def build(self, registry: Registry, keys: Iterable[Key]) -> dict[str, KeyRules]:
        """The rules by the key's secret."""
        valid = list(keys)
        self._read_suppressions(registry)
        for name in {key.privacy for key in valid}:
            self._read_policy(registry, name)
        for project in {key.project for key in valid if self._needs_plan(key)}:
            self._read_plan(registry.plan(project), project)
        return {key.secret: self._rules(key) for key in valid}

    def _rules(self, key: Key) -> KeyRules:
        named = self._policies.get(key.privacy)
        policy = None if named is None else named.policy
        rules = rules_of(self._plan(key), policy, self._suppressed.get(key.project))
        if policy is None or named is None:
            vault = self._vault() if key.ip_policy == "hash" else None
            return KeyRules(key, rules, vault=vault)
        signals = frozenset(name for name in ("gpc", "dnt") if getattr(policy, name) == "filter")
        return KeyRules(key, rules, policy, self._vault(), named.text, signals)

    def _needs_plan(self, key: Key) -> bool:
        """A policy goes by the plan's classes and categories, whether the key is judged by it or not."""
        return key.plan_mode != "off" or key.privacy in self._policies

    def _plan(self, key: Key) -> PlanRule | None:
        compiled = self._plans.get(key.project, (0, None))[1] if self._needs_plan(key) else None
        if compiled is None:
            return None
        asks = bool(compiled.plan.consent) or any(one.consent for one in compiled.plan.events)
        if key.unplanned != "plan":
            compiled = msgspec.structs.replace(compiled, unplanned=key.unplanned)
        from sdk_contract.plan.glances import Glance  # what it imports is large

        return PlanRule(
            compiled,
            key.plan_mode == "warn",
            compiled.version,
            asks,
            compiled.has_pii,
            with_context=_with_context(compiled),
            judges=key.plan_mode != "off",
            quick=Glance(compiled),
        )

    def _read_plan(self, published: PublishedPlan | None, project: str) -> None:
        number, last = self._plans.get(project, (0, None))
        if published is None or published.number == number:
            return
        from sdk_contract.plan import Plan, compile  # what it imports is large

        try:
            compiled = compile(Plan.from_json(published.text))
        except Exception as error:  # whatever is in it, the keys of this project go on with what they have
            self._tell(f"plan {published.version!r} of project {project!r} is not used: {error}")
            self._plans[project] = published.number, last
            return
        self._plans[project] = published.number, compiled

    def _read_policy(self, registry: Registry, name: str) -> None:
        """The policy of this name that counts; "none" where nobody set another has no effect at all."""
        stored = registry.policy(name)
        if stored is None and name == "none":
            self._policies.pop(name, None)
            return
        number = 0 if stored is None else stored.number
        text = f"{name}@{number}"
        if name in self._policies and self._policies[name].text == text:
            return
        try:
            policy = PRESETS[name] if stored is None else Policy.from_json(stored.text)
        except Exception as error:  # rather too strict than not at all
            self._tell(f"privacy policy {text} is not used: {error}")
            self._policies.setdefault(name, _Named(PRESETS[STRICTEST], f"{STRICTEST}@0"))
            return
        self._policies[name] = _Named(policy, text)

    def _read_suppressions(self, registry: Registry) -> None:
        found = registry.suppressions()
        vault = self._vault() if found else None
        known = self._suppressed if vault is self._suppressing else {}
        self._suppressing = vault
        self._suppressed = {
            project: known[project]
            if project in known and known[project].digests == digests
            else Suppressed(digests, vault.digest)
            for project, digests in found.items()
            if vault is not None
        }

    def _tell(self, text: str) -> None:
        if text not in self._told:
            self._told.add(text)
            self._trouble(text)


def _with_context(compiled: CompiledPlan) -> frozenset[str] | None:
    """Names of the events for whose context the plan has a schema; None: it has one for any event."""
    names = [name for (_, name), one in compiled.events.items() if one.contexts]
    return None if compiled.contexts or None in names else frozenset(name for name in names if name)
