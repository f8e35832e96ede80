"""A rule of actions out of the builder's form: as YAML, which is what is published."""

from __future__ import annotations

from typing import Any, Final

import yaml

from warehouse.console.forms import Form

TRIGGERS: Final = (
    "tag_entered", "tag_left", "cohort_entered", "cohort_left", "absence", "sequence", "stuck", "alert",
)  # fmt: skip
_WORDS: Final = ("subject", "text")


def composed(asked: Form) -> str:
    """The YAML of what the form says; what is wrong in it is told by whoever reads the YAML."""
    rule: dict[str, Any] = {"when": _when(asked), "to": asked.one("to")}
    for name in ("description", "consent", "cap", "cap_all"):
        if asked.one(name):
            rule[name] = asked.one(name)
    if asked.one("holdout"):
        rule["holdout"] = _number(asked.one("holdout"))
    if fields := list(asked.listed("fields")):
        rule["fields"] = fields
    if asked.one("from") and asked.one("until"):
        rule["quiet"] = {
            "from": asked.one("from"),
            "until": asked.one("until"),
            "timezone": asked.one("timezone") or "UTC",
        }
    if message := {name: asked.one(name) for name in _WORDS if asked.one(name)}:
        rule["message"] = message
    return yaml.safe_dump({"actions": {asked.one("name"): rule}}, allow_unicode=True, sort_keys=False)


def _when(asked: Form) -> dict[str, Any]:
    kind, what, span = asked.one("trigger"), asked.one("what"), asked.one("span")
    if kind == "absence":
        return {"last": what, "ago": span}
    if kind == "sequence":
        return {"sequence": list(asked.listed("what")), **({"within": span} if span else {})}
    if kind == "stuck":
        return {"stuck": list(asked.listed("what")), "next": asked.one("next"), "over": span}
    if kind == "alert":
        return {"alert": what}
    name, _, on = kind.partition("_")
    return {name: what, "on": on}


def _number(text: str) -> float | int | str:
    try:
        number = float(text)
    except ValueError:
        return text
    return int(number) if number == int(number) else number
