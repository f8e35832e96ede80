"""A data folder into which files are imported, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping as Options
from pathlib import Path
from typing import Any

import msgspec

from sessionizer.incremental import stitch
from tests.warehouse.lakes import NOON, SECOND, Site, lake_of_writer
from warehouse.balance import balance
from warehouse.imports import running
from warehouse.imports.blocks import open_source
from warehouse.imports.kinds import KINDS
from warehouse.imports.mapping import Mapping, mapping_of
from warehouse.imports.suggesting import suggest
from warehouse.registry import Key


class Shop(Site):
    """One project with one write key."""

    key: Key

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.root = root
        self.told: dict[str, dict[str, Any]] = {}
        self.key = self.registry.create_key("shop")

    def file(self, name: str, text: str | bytes) -> Path:
        path = self.root / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    def bring(
        self,
        kind: str,
        path: Path,
        mapping: str | Mapping | None = None,
        *,
        dry: bool = False,
        **options: Any,
    ) -> dict[str, Any]:
        """Import a file, or say what would happen; `options` change the mapping."""
        ready = self.look(kind, path, mapping, options)
        act = running.preview if dry else running.carry_out
        self.clock += SECOND
        return act(
            self.settings, self.registry, ready, now=self.now, processes=1, progress=lambda done, all: None
        )

    def look(
        self, kind: str, path: Path, mapping: str | Mapping | None, options: Options[str, Any]
    ) -> running.Ready:
        given = mapping_of(mapping) if isinstance(mapping, str) else mapping
        wanted = running.Wanted(kind, path, self.key, "li", given)
        if options:
            found = given or suggested(wanted)
            wanted = msgspec.structs.replace(wanted, mapping=msgspec.structs.replace(found, **options))
        return running.look(self.registry, wanted)

    def stitched(self) -> None:
        """Everything that landed is in the lake, in sessions and with its customers."""
        self.load_all()
        with lake_of_writer(self.settings) as lake:
            while stitch(lake, now=lambda: NOON).behind:
                pass

    def ask(self, sql: str) -> list[tuple[Any, ...]]:
        with self.reader() as lake:
            return lake.query(sql)

    def difference(self) -> tuple[int, int]:
        """(received, difference) of the books."""
        with self.reader() as lake:
            books = balance(lake, self.store, self.registry, self.settings.folders.journal).total
        return books.received, books.difference


def suggested(wanted: running.Wanted) -> Mapping:
    """The mapping that a file's columns suggest."""
    source = open_source(wanted.path)
    return suggest(KINDS[wanted.kind], source.columns, source.sample())
