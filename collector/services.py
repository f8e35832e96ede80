"""The settings of all services: packages register them as entry points, so that none imports another."""

from collections.abc import Mapping
from importlib.metadata import entry_points

import msgspec

from sdk_contract import settings as contract

GROUP = "sojourn.settings"
OF_TESTS = frozenset({"SOJOURN_SKIP"})


def services() -> dict[str, type[msgspec.Struct]]:
    """Struct of settings by service; one whose package is not installed is left out."""
    found: dict[str, type[msgspec.Struct]] = {}
    for entry in sorted(entry_points(group=GROUP), key=lambda entry: entry.name):
        try:
            found[entry.name] = entry.load()
        except ImportError:
            continue
    return found


def known_variables() -> set[str]:
    return {name for cls in services().values() for name in contract.variables(cls)} | OF_TESTS


class Nothing(msgspec.Struct, frozen=True):
    """A service without settings: loading it only looks for unknown variables."""


def refuse_unknown(env: Mapping[str, str]) -> None:
    """SettingError for a SOJOURN_* variable that no service knows; it suggests the near name."""
    contract.load(Nothing, env, known_variables())


def described(env: Mapping[str, str]) -> list[dict[str, object]]:
    """Every setting of every service with its value and where that comes from; secrets are hidden."""
    return [
        {"service": service, **msgspec.structs.asdict(setting)}
        for service, cls in services().items()
        for setting in contract.describe(cls, env, env)
    ]
