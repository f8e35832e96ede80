"""Secrets of destinations: kept encrypted in the registry, or in the environment of who delivers."""

from __future__ import annotations

from collections.abc import Mapping

from sdk_contract.privacy import BadToken, KeyGone, Vault
from warehouse.actions.errors import SecretMissing
from warehouse.actions.rules import Destination
from warehouse.registry import Registry

_ENV = "env:"


def keep_secret(registry: Registry, vault: Vault, name: str, value: str, by: str) -> None:
    """Keep it under its name, in place of the one before."""
    registry.keep_action_secret(name, vault.encrypt(value))
    registry.audit(by, "action.secret", name)


def secrets_of(
    to: Destination, tokens: Mapping[str, str], vault: Vault, env: Mapping[str, str]
) -> dict[str, str]:
    """The secrets of a destination by what they are for. SecretMissing names the one that is not there."""
    return {part: _revealed(name, tokens, vault, env) for part, name in to.secrets.items()}


def _revealed(name: str, tokens: Mapping[str, str], vault: Vault, env: Mapping[str, str]) -> str:
    if name.startswith(_ENV):
        found = env.get(name.removeprefix(_ENV))
        if not found:
            raise SecretMissing(
                f"the variable {name.removeprefix(_ENV)} is not set where `sojourn deliver` runs"
            )
        return found
    if name not in tokens:
        raise SecretMissing(f"there is no secret {name!r}; `sojourn action secret {name}` keeps one")
    try:
        return vault.decrypt(tokens[name])
    except (BadToken, KeyGone):
        raise SecretMissing(
            f"secret {name!r} cannot be read any more; `sojourn action secret {name}` keeps it anew"
        ) from None
