"""The tracking plan that the door applies, read once at the start."""

from pathlib import Path

from collector.errors import CannotStart
from sdk_contract.judging import PlanRule
from sdk_contract.plan import Plan, compile


def plan_rules(path: str) -> dict[str, PlanRule]:
    """How each plan mode of a write key applies the plan at `path`."""
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CannotStart(f"SOJOURN_PLAN: {path!r} cannot be read: {error}") from error
    plan = Plan.from_yaml(text)
    compiled = compile(plan)
    return {
        "warn": PlanRule(compiled, True, plan.version),
        "enforce": PlanRule(compiled, False, plan.version),
    }
