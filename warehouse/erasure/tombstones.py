"""Who was erased, as far as keyed hashes tell: which landed rows name somebody whose id has a tombstone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

import msgspec
import numpy as np
import pyarrow as pa

from sdk_contract.privacy import KeyGone, Vault
from sdk_contract.privacy.errors import BadToken
from warehouse.erasure.needles import Mask, whole
from warehouse.erasure.people import NAMING, named_in
from warehouse.refused import is_sealed, opened
from warehouse.registry import Registry

# An alias's previous id, and what an unreadable body names, may be either.
_KINDS: Final = ("user_id", "anonymous_id")
COLUMNS: Final = ("project", *NAMING, "verdict", "raw", "traits", "context")
# Where ids of other kinds stand: e-mail addresses, phone numbers, ids of other systems.
_SAYING: Final = ("traits", "externalIds", "device")
_LONGEST: Final = 256


class Marked(msgspec.Struct, frozen=True):
    """Mode -> which rows name a person of that mode; `values` are the ids by which they do."""

    rows: dict[str, Mask]
    values: frozenset[str]

    def __bool__(self) -> bool:
        return bool(self.rows)


class Tombstones:
    """Reads the registry's tombstones again when its rules changed. `vault` is asked once there are any."""

    def __init__(self, registry: Registry, vault: Callable[[], Vault]) -> None:
        self._registry, self._open_vault = registry, vault
        self._generation = -1
        self._modes: dict[str, str] = {}
        self._said_kinds: tuple[str, ...] = ()
        self._vault: Vault | None = None

    @property
    def vault(self) -> Vault:
        if self._vault is None:
            self._vault = self._open_vault()
        return self._vault

    def there_are(self) -> bool:
        """Whether anybody was ever erased."""
        generation = self._registry.rules_generation()
        if generation != self._generation:
            self._modes = {digest: mode for digest, (mode, _) in self._registry.tombstones().items()}
            self._said_kinds = tuple(sorted(self._registry.buried_kinds() - set(_KINDS)))
            self._generation = generation
        return bool(self._modes)

    def marked(self, rows: pa.Table) -> Marked:
        """The rows (with the columns COLUMNS) that name somebody who has a tombstone."""
        found: dict[str, Mask] = {}
        values: set[str] = set()
        for project in rows.column("project").unique().to_pylist():
            if project is None:
                continue
            of_project = whole(_whole(rows, "project"), [project])
            for column, kind in NAMING.items():
                self._mark(found, values, rows, of_project, (project, column, (kind,) if kind else _KINDS))
            if self._said_kinds:
                self._mark_said(found, values, rows, project)
        self._mark_refused(found, values, rows)
        return Marked(found, frozenset(values))

    def _mark(
        self,
        found: dict[str, Mask],
        values: set[str],
        rows: pa.Table,
        of_project: Mask,
        naming: tuple[str, str, tuple[str, ...]],
    ) -> None:
        project, name, kinds = naming
        column = _whole(rows, name)
        sent = column.filter(pa.array(of_project)).unique().to_pylist()
        for mode, ids in self._buried(project, kinds, sent).items():
            _add(found, mode, of_project & whole(column, ids))
            values |= ids

    def _mark_said(self, found: dict[str, Mask], values: set[str], rows: pa.Table, project: str) -> None:
        """Ids that stand in traits, or in what the context says of person and device."""
        columns = (rows.column(name).to_pylist() for name in ("project", "traits", "context"))
        for number, (of, traits, context) in enumerate(zip(*columns, strict=True)):
            if of != project:
                continue
            held = _json(context)
            parts = [held.get(name) for name in _SAYING] if isinstance(held, dict) else []
            for mode, ids in self._buried(project, self._said_kinds, _texts([_json(traits), *parts])).items():
                _add(found, mode, np.arange(rows.num_rows) == number)
                values |= ids

    def _mark_refused(self, found: dict[str, Mask], values: set[str], rows: pa.Table) -> None:
        """Bytes that could not be read name whom they name all the same."""
        at = np.flatnonzero(~whole(_whole(rows, "verdict"), ("ok", "warning")))
        some = rows.select(["project", "raw"]).take(pa.array(at))
        for number, project, raw in zip(at, *(one.to_pylist() for one in some.columns), strict=True):
            if raw is None or project is None:
                continue
            for mode, ids in self._buried(project, _KINDS, named_in(self._opened(raw))).items():
                _add(found, mode, np.arange(rows.num_rows) == number)
                values |= ids

    def _buried(
        self, project: str, kinds: tuple[str, ...], sent: Iterable[str | None]
    ) -> dict[str, set[str]]:
        """Mode -> those of the ids that have a tombstone of that mode."""
        found: dict[str, set[str]] = {}
        for value in sent:
            for kind in kinds if value is not None else ():
                mode = self._modes.get(self.vault.tombstone(project, kind, value or ""))
                if mode is not None:
                    found.setdefault(mode, set()).add(value or "")
        return found

    def _opened(self, raw: str) -> bytes:
        if not is_sealed(raw):
            return raw.encode("utf-8", "surrogatepass")
        try:
            return opened(raw, self.vault)
        except (KeyGone, BadToken):
            return b""


def _texts(value: Any) -> Iterator[str]:
    """Every short text and whole number within."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for one in value:
            yield from _texts(one)
    elif isinstance(value, str | int) and not isinstance(value, bool) and len(str(value)) <= _LONGEST:
        yield str(value)


def _json(text: str | None) -> Any:
    try:
        return None if text is None else msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return None


def _add(found: dict[str, Mask], mode: str, which: Mask) -> None:
    found[mode] = found[mode] | which if mode in found else which


def _whole(rows: pa.Table, name: str) -> pa.Array:
    column = rows.column(name)
    return column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)
