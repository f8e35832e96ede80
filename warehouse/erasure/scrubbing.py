"""What is in no table of the lake: texts of the registry, copies set aside, free pages of databases."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

from warehouse.catalogs import catalog_of
from warehouse.erasure.errors import StillRead
from warehouse.erasure.needles import Needles
from warehouse.lake import lock_writer
from warehouse.registry import Registry
from warehouse.settings import WarehouseSettings


def scrub_registry(registry: Registry, needles: Needles) -> None:
    """No text of it names them any more, nor does a page kept for later. StillRead: again later."""
    registry.clear_texts(needles.cleared)
    if not registry.compact():
        raise StillRead("the registry is being read; its log is emptied as soon as it is not")


def scrub_catalog(settings: WarehouseSettings) -> None:
    """Statistics say what living files hold, and free pages are gone. Call it while no lake is open here.

    StillRead: again later.
    """
    with closing(catalog_of(settings)) as catalog, closing(lock_writer(settings, catalog)):
        if catalog.identity() is not None and not catalog.scrub():
            raise StillRead("the catalog is being read; its log is emptied as soon as it is not")


def remove_aside(settings: WarehouseSettings, found: Iterable[str]) -> None:
    """A lake that a rebuild set aside, whole; and those of the damaged files in which somebody was found.

    All of these were loaded or landed anew before; they were kept for whoever wants to look at them.
    """
    folders = settings.folders
    shutil.rmtree(folders.before, ignore_errors=True)
    with closing(catalog_of(settings)) as catalog:
        catalog.forget_aside()
    for path in map(Path, found):
        if path.parent in (folders.damaged.absolute(), folders.root.absolute() / "damaged"):
            path.unlink(missing_ok=True)
