"""The properties of an event as they will be once they are cleaned, for a second look at them."""

from collections.abc import Mapping
from typing import Any

from sdk_contract.cleaning import clean
from sdk_contract.plan.marks import Path


def clean_all(value: Any, cleaners: Mapping[Path, str], leave_out: bool) -> Any:
    """The value with what stands at each path cleaned.

    What cleaning finds to be nothing ("", "unknown") is None, or with `leave_out` not there at all.
    """
    for path, kind in cleaners.items():
        value = _clean_at(value, path, kind, leave_out)
    return value


def _clean_at(value: Any, path: Path, kind: str, leave_out: bool) -> Any:
    if not path:
        return clean(kind, value)
    step, rest = path[0], path[1:]
    if step == "*" and isinstance(value, list):
        return [_clean_at(item, rest, kind, leave_out) for item in value]
    if not isinstance(value, dict) or step not in value:
        return value
    found = _clean_at(value[step], rest, kind, leave_out)
    if found is value[step]:
        return value
    if leave_out and found is None:
        return {name: part for name, part in value.items() if name != step}
    return value | {step: found}
