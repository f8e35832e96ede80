"""What the form of destinations asks for: of actions, in the registry."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

from sdk_contract.privacy import Vault
from warehouse.actions import published
from warehouse.actions.errors import BadAction
from warehouse.actions.keeping import keep_secret
from warehouse.actions.reading import read_actions
from warehouse.actions.trying import try_out
from warehouse.console.forms import Form
from warehouse.registry import Registry

_SECRET: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,59}")
_LONGEST: Final = 4_096
Do = Callable[[Registry, Form, str, int, Vault | None], None]


def _publish(known: Registry, asked: Form, by: str, now: int, _: Vault | None) -> None:
    read = read_actions(asked.secret("yaml").replace("\r\n", "\n"))
    if read.rules:
        raise BadAction("rules have a form of their own on this page; `destinations:` would do here")
    published.publish(known, _project(known, asked), read, by)


def _switch(known: Registry, asked: Form, by: str, now: int, _: Vault | None) -> None:
    project, name, on = asked.one("project"), asked.one("name"), asked.one("do") == "on"
    known.switch_action_destination(project, name, on=on)
    known.audit(by, "action.destination", f"{project}: {name} is {'on' if on else 'off'}")


def _test(known: Registry, asked: Form, by: str, now: int, _: Vault | None) -> None:
    try_out(known, asked.one("project"), asked.one("name"), now, by, asked.one("address"))


def _secret(known: Registry, asked: Form, by: str, now: int, keys: Vault | None) -> None:
    """It is never shown again, and what will not do is not quoted."""
    name, value = asked.one("name"), asked.one("value")
    if not _SECRET.fullmatch(name):
        raise BadAction("the name of a secret has 1 to 60 letters, digits, _ . and -, such as shop_hook")
    if not value or len(value) > _LONGEST:
        raise BadAction(f"secret {name!r} is empty or longer than {_LONGEST} letters; its value would do")
    assert keys is not None
    keep_secret(known, keys, name, value, by)


def _project(known: Registry, asked: Form) -> str:
    project = asked.one("project")
    if project not in {key.project for key in known.keys()}:
        raise BadAction(f"project {project[:60]!r} is not there")
    return project


PLACE_DOES: Final[Mapping[str, Do]] = {
    "publish": _publish, "on": _switch, "off": _switch, "test": _test, "secret": _secret,
}  # fmt: skip
