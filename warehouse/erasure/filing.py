"""An erasure is asked for: tombstones, the door's suppression, and the ids sealed for the writer."""

from __future__ import annotations

import msgspec

from sdk_contract.privacy import Vault
from warehouse.erasure.errors import BadErasure
from warehouse.erasure.needles import Needles
from warehouse.erasure.people import ERASE, MODES
from warehouse.erasure.subject import Subject
from warehouse.registry import Erasure, Registry

# The ids that the door looks at.
_AT_THE_DOOR = ("user_id", "anonymous_id")


class Sealed(msgspec.Struct, frozen=True):
    """What the writer has to know until it is done; `load_seq`: the last one loaded when it was filed.

    `shared`: rows of a device that others use too, until they are treated, with the names of their events.
    """

    subject: Subject
    load_seq: int
    shared: tuple[int, ...] = ()
    message_ids: tuple[str, ...] = ()


def file_erasure(
    registry: Registry, vault: Vault, subject: Subject, *, mode: str, reason: str, by: str, load_seq: int
) -> Erasure:
    """Ask for an erasure; from now on nothing of the person comes in. BadErasure without mode or reason.

    The registry is told keyed hashes and sealed bytes alone; an id within the reason is taken out of it.
    """
    if mode not in MODES:
        raise BadErasure(f"mode is {mode!r}; {' or '.join(MODES)} would do")
    why = Needles(id.value for id in subject.ids).cleared(reason.strip())
    if not why:
        raise BadErasure("--reason is empty; say why, such as the number of the request")
    filed = registry.file_erasure(
        subject.project, mode, why, by,
        sealed=sealed(vault, Sealed(subject, load_seq)), tombstones=tombstones(vault, subject),
    )  # fmt: skip
    shut_out(registry, vault, mode, subject)
    told = {"erasure": filed.no, "project": subject.project, "mode": mode, "reason": why}
    registry.audit(by, "person.erase", msgspec.json.encode(told | {"ids": len(subject.ids)}).decode())
    return filed


def tombstones(vault: Vault, subject: Subject) -> list[tuple[str, str]]:
    """The kinds and keyed hashes of the person's own ids."""
    return [(id.kind, vault.tombstone(subject.project, id.kind, id.value)) for id in subject.ids]


def shut_out(registry: Registry, vault: Vault, mode: str, subject: Subject) -> None:
    """The door keeps the erased out too, so that they do not even come into the journal."""
    for id in subject.ids if mode == ERASE else ():
        if id.kind in _AT_THE_DOOR:
            registry.suppress(subject.project, vault.digest(id.kind, id.value))


def sealed(vault: Vault, held: Sealed) -> str:
    """Ids that only who has the keys can read."""
    return vault.seal(msgspec.json.encode(held))


def unsealed(vault: Vault, token: str) -> Sealed:
    """What `sealed` was given."""
    return msgspec.json.decode(vault.unseal(token), type=Sealed)
