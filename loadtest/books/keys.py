"""The write keys of a run: what distinguishes their rules, and how they are made."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import msgspec

from loadtest.processes import run, sojourn
from sdk_contract.plan import read_plan
from warehouse.registry import Registry

PLAIN, ENFORCED, WARNED, STRICT, REVOKED = "plain", "enforced", "warned", "strict", "revoked"
SUPPRESSED: Final = "u-suppressed"
_PLANNED: Final = "books-shop"
RULES: Final[dict[str, dict[str, Any]]] = {
    PLAIN: {"project": "books-plain"},
    ENFORCED: {"project": _PLANNED, "plan_mode": "enforce", "unplanned": "reject"},
    WARNED: {"project": _PLANNED, "plan_mode": "warn", "unplanned": "warn"},
    STRICT: {"project": "books-strict", "privacy": "strict", "ip_policy": "drop"},
    REVOKED: {"project": "books-revoked"},
}
_PLAN: Final = {
    "plan.yaml": """
version: 1.0.0
description: A shop that counts.
consent: analytics
""",
    "events/shop.yaml": """
- event: Product Viewed
  description: A customer opened a product's page.
  properties:
    type: object
    required: [product_id, price]
    properties:
      product_id: {type: string, description: The article's number.}
      price: {type: number, minimum: 0, description: For one piece.}
- type: page
  description: A page of the shop was seen.
  properties:
    type: object
    required: [path]
    properties:
      path: {type: string, description: The path of its address.}
- type: identify
  description: A customer signed in.
  properties:
    type: object
    required: [plan]
    properties:
      plan: {enum: [free, plus], description: What the customer pays for.}
""",
}


class Key(msgspec.Struct, frozen=True):
    """A write key of the run by its name here: number and id in the registry, and what SDKs send."""

    name: str
    no: int
    id: str
    secret: str


def make_keys(data: Path, variables: dict[str, str], clock: Callable[[], int]) -> dict[str, Key]:
    """The keys, a published plan and a suppressed person in a new data folder."""
    registry = Registry.open(data / "registry.sqlite", now=clock)
    try:
        plan = read_plan(_PLAN)
        registry.publish_plan(_PLANNED, plan.version, plan.to_json(), "loadtest")
        made = {name: registry.create_key(name=name, **rules) for name, rules in RULES.items()}
        registry.revoke_key(made[REVOKED].id)
    finally:
        registry.close()
    run(sojourn("suppress", "user_id", SUPPRESSED, "--project", _PLANNED), variables)
    return {name: Key(name, key.no, key.id, key.secret) for name, key in made.items()}
