"""The first user, without whom nobody could sign in."""

from __future__ import annotations

from collections.abc import Callable

from sdk_contract.settings import Secret
from warehouse.access.passwords import Passwords, accept, single_use
from warehouse.errors import RegistryError
from warehouse.registry import Registry

NAME = "admin"


def first_user(
    registry: Registry, passwords: Passwords, given: Secret | None, made: Callable[[str, str], None]
) -> None:
    """Make the user admin where there is no user: with the password that was `given`, else with one for a
    single use, which `made` is told. RegistryError where the given one will not do.
    """
    if registry.users():
        return
    password = accept(given.reveal(), NAME) if given else single_use()
    try:
        registry.create_user(
            NAME, "admin", "first start", password=passwords.hash(password), single_use=given is None
        )
    except RegistryError:
        return  # another console made it at this moment
    if given is None:
        made(NAME, password)
