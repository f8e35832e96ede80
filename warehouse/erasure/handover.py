"""Who was erased, as a file of keyed hashes: another data folder with the same keys keeps them out too."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final, Literal

import msgspec

from sdk_contract.privacy import Vault
from warehouse.erasure.errors import BadErasure
from warehouse.erasure.filing import file_erasure
from warehouse.erasure.people import ERASE
from warehouse.erasure.subject import Subject, find_subject
from warehouse.lake import Lake
from warehouse.registry import Registry
from warehouse.registry.erasures import Buried, Suppressed

FORMAT: Final = "sojourn-tombstones-1"
_AT_ONCE: Final = 100_000
Progress = Callable[[int], None]


class Handover(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the file holds. `key` is the same for the same keys, and tells nothing about them."""

    format: Literal["sojourn-tombstones-1"]
    key: str
    tombstones: list[Buried]
    suppressions: list[Suppressed]


class Applied(msgspec.Struct, frozen=True):
    """How many tombstones and suppressions are new here, and the erasures that were filed for people of whom
    something is here. `unclear`: ids that several people use here, which are kept out and not erased.
    """

    tombstones: int
    suppressions: int
    erasures: list[int]
    unclear: int


def written(registry: Registry, vault: Vault) -> Handover:
    """All tombstones and suppressions of a data folder."""
    return Handover(FORMAT, _key(vault), *registry.kept_out())


def read(path: Path, vault: Vault) -> Handover:
    """A file that `written` is in. BadErasure where it is none, or made with other keys."""
    try:
        found = msgspec.json.decode(path.read_bytes(), type=Handover)
    except (OSError, msgspec.DecodeError) as error:
        raise BadErasure(f"{path} is no file of tombstones: {error}") from error
    if found.key != _key(vault):
        raise BadErasure(f"{path} was made with other keys than this data folder's; copy its secrets/ first")
    return found


def apply(
    given: Handover, lake: Lake | None, registry: Registry, vault: Vault, *, reason: str, by: str,
    progress: Progress = lambda done: None,
) -> Applied:  # fmt: skip
    """Keep out whom another data folder erased, and file an erasure of everybody who is here by new ones."""
    known, shut = registry.tombstones(), registry.suppressions()
    suppressed = sum(one.digest not in shut.get(one.project, ()) for one in given.suppressions)
    new = {stone.digest: stone.mode for stone in given.tombstones if stone.digest not in known}
    unclear, filed = 0, list[int]()
    if not reason.strip():
        raise BadErasure("--reason is empty; say why, such as where the file is from")
    if lake is not None and new:
        people, unclear = _people(lake, vault, new, progress)
        ((until,),) = lake.query("SELECT coalesce(max(load_seq), 0) FROM cursors WHERE name = 'load'")
        for subject, mode in people.values():
            one = file_erasure(registry, vault, subject, mode=mode, reason=reason, by=by, load_seq=until)
            filed.append(one.no)
    registry.keep_out(given.tombstones, given.suppressions)
    told = Applied(len(new), suppressed, filed, unclear)
    registry.audit(by, "tombstones.apply", msgspec.json.encode(told).decode())
    return told


def _people(
    lake: Lake, vault: Vault, new: Mapping[str, str], progress: Progress
) -> tuple[dict[str, tuple[Subject, str]], int]:
    """By customer who is here and what is to be done, and how many ids several people use."""
    found: dict[str, tuple[Subject, str]] = {}
    unclear = 0
    for project, kind, value, mode in _here(lake, vault, new, progress):
        try:
            subject = find_subject(lake, value, project, kind)
        except BadErasure:
            unclear += 1
            continue
        customer = subject.customer_id or ""
        _, before = found.get(customer, (subject, mode))
        found[customer] = subject, ERASE if ERASE in (mode, before) else mode
    return found, unclear


def _here(
    lake: Lake, vault: Vault, new: Mapping[str, str], progress: Progress
) -> Iterator[tuple[str, str, str, str]]:
    """Project, kind and value of the ids in the lake that have one of these digests, with its mode."""
    rows = lake.cursor().execute("SELECT project, kind, value FROM identities")
    done = 0
    while some := rows.fetchmany(_AT_ONCE):
        for project, kind, value in some:
            if (mode := new.get(vault.tombstone(project, kind, value))) is not None:
                yield project, kind, value, mode
        done += len(some)
        progress(done)


def _key(vault: Vault) -> str:
    return vault.tombstone("", "user_id", "")
