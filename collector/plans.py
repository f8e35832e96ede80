"""The tracking plan that the door applies, read once at the start."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import yaml

from collector.errors import CannotStart
from sdk_contract.errors import PlanError
from sdk_contract.judging import PlanRule
from sdk_contract.plan import Plan, compile


def plan_rules(path: str) -> dict[str, PlanRule]:
    """How each plan mode of a write key applies the plan at `path`."""
    try:
        given = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
        plan = _plan(given)
    except (OSError, UnicodeDecodeError) as error:
        raise CannotStart(f"SOJOURN_PLAN: {path!r} cannot be read: {error}") from error
    except (yaml.YAMLError, msgspec.ValidationError, KeyError, AttributeError) as error:
        raise PlanError(f"SOJOURN_PLAN: {path!r}: {error}") from error
    compiled = compile(plan)
    return {
        "warn": PlanRule(compiled, True, plan.version),
        "enforce": PlanRule(compiled, False, plan.version),
    }


def _plan(given: Mapping[str, Any]) -> Plan:
    events = [{"event": name, **(event or {})} for name, event in given["events"].items()]
    head = {name: given[name] for name in ("unplanned",) if name in given}
    return msgspec.convert({**head, "version": str(given["version"]), "events": events}, Plan)
