"""Which project a command is about."""

from __future__ import annotations

import click

from warehouse.errors import RegistryError
from warehouse.registry import Registry

project_option = click.option(
    "--project", metavar="NAME", help="Project; may be left out where there is one."
)


def the_project(registry: Registry, given: str | None) -> str:
    """The project that was named, or the only one. RegistryError."""
    keys = registry.keys()
    names = sorted({key.project for key in keys})
    if given is None and len(names) == 1:
        return names[0]
    if given is None or given not in names:
        listed = ", ".join(map(repr, names[:10])) or "none yet; `sojourn key create` makes one"
        raise RegistryError(f"project {given!r} will not do; there is {listed}")
    return given
