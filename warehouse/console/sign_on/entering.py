"""As which user somebody signs on."""

from __future__ import annotations

import hashlib
import re
from typing import Final

from warehouse.console.sign_on.refusals import NotSignedOn, Refusal
from warehouse.console.sign_on.rules import Person, Rules
from warehouse.errors import RegistryError
from warehouse.registry import Registry
from warehouse.registry.sign_ons import BY
from warehouse.registry.users import User

_NAME: Final = re.compile(r"[\w.@+-]{1,64}", re.ASCII)


def user_for(registry: Registry, person: Person, rules: Rules) -> User:
    """Their user, made or bound at the first time. NotSignedOn where the rules allow neither."""
    user = registry.user_of_subject(person.issuer, person.subject)
    if user is None:
        user = _first_time(registry, person, rules)
    if user.disabled:
        raise NotSignedOn(Refusal.DISABLED, user.name)
    try:
        return registry.follow_role(user, person.role)
    except RegistryError as error:
        raise NotSignedOn(Refusal.ROLE, str(error)) from None


def name_of(person: Person) -> str:
    """The verified e-mail address, else a name made of the issuer's."""
    if person.email and _NAME.fullmatch(person.email):
        return person.email
    return f"sso-{hashlib.sha256(f'{person.issuer} {person.subject}'.encode()).hexdigest()[:16]}"


def _first_time(registry: Registry, person: Person, rules: Rules) -> User:
    name = name_of(person)
    user = next((one for one in registry.users() if one.name.lower() == name), None)
    if user is None:
        if not rules.create:
            raise NotSignedOn(Refusal.UNKNOWN, name)
        user = _made(registry, name, person.role)
    elif not rules.adopt or person.email is None or user.disabled or registry.signs_on(user):
        raise NotSignedOn(Refusal.TAKEN, name)
    registry.bind_subject(user, person.issuer, person.subject)
    return user


def _made(registry: Registry, name: str, role: str) -> User:
    try:
        return registry.create_user(name, role, BY, password=None)
    except RegistryError:
        raise NotSignedOn(Refusal.TAKEN, name) from None  # another request made it at this moment
