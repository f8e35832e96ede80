"""The registry: one SQLite file for keys, rules, settings, commands, audit and the door's counts."""

from warehouse.registry.audit import Audited
from warehouse.registry.core import (
    IP_POLICIES,
    PLAN_MODES,
    PRESETS,
    UNPLANNED,
    Command,
    Key,
    Registry,
)
from warehouse.registry.erasures import Erasure
from warehouse.registry.rules import PublishedPlan, StoredPolicy

__all__ = [
    "IP_POLICIES",
    "PLAN_MODES",
    "PRESETS",
    "UNPLANNED",
    "Audited",
    "Command",
    "Erasure",
    "Key",
    "PublishedPlan",
    "Registry",
    "StoredPolicy",
]
