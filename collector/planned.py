"""The tracking plans by which values are cleaned: of each event the version that judged it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from sdk_contract.errors import PlanError

if TYPE_CHECKING:
    from sdk_contract.plan import CompiledPlan
    from warehouse.registry import Registry

Report = Callable[[str, Mapping[str, object]], None]


class PlannedVersions:
    """Plans by project and version, read and compiled when first asked for; for one thread at a time."""

    def __init__(self, registry: Registry, report: Report) -> None:
        self._registry, self._report = registry, report
        self._compiled: dict[tuple[str, str], CompiledPlan | None] = {}

    def __call__(self, project: str, version: str) -> CompiledPlan | None:
        """The plan, None where there is none that can be read. Raises what the registry raises."""
        key = project, version
        if key in self._compiled:
            return self._compiled[key]
        published = self._registry.plan(project, version)
        if published is None:
            return None
        compiled = self._compiled[key] = self._compile(published.text, project, version)
        return compiled

    def _compile(self, text: str, project: str, version: str) -> CompiledPlan | None:
        from sdk_contract.plan import Plan, compile

        try:
            return compile(Plan.from_json(text))
        except PlanError as problem:
            facts = {"project": project, "version": version, "error": str(problem)}
            self._report("events are not cleaned by this plan", facts)
            return None
