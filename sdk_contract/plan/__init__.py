"""The tracking plan: which events there are, what their properties look like, what is personal in them.

A plan is a folder of YAML files (`read_plan`) or one JSON text (`Plan.from_json`); `compile` makes it ready.
"""

from sdk_contract.plan.compiled import CompiledPlan, compile
from sdk_contract.plan.lint import lint, read_plan
from sdk_contract.plan.model import Plan, PlannedEvent

__all__ = ["CompiledPlan", "Plan", "PlannedEvent", "compile", "lint", "read_plan"]
