"""Which catalog the settings ask for."""

from __future__ import annotations

from warehouse.catalogs.address import read_address
from warehouse.catalogs.kind import Catalog
from warehouse.catalogs.postgres import PostgresCatalog
from warehouse.catalogs.sqlite import SqliteCatalog
from warehouse.settings import WarehouseSettings


def catalog_of(settings: WarehouseSettings) -> Catalog:
    """The catalog of these settings; nothing is opened yet. SettingError where the address will not do."""
    if not settings.catalog:
        return SqliteCatalog(settings.folders)
    return PostgresCatalog(read_address(settings.catalog), settings.catalog_schema, settings.folders)
