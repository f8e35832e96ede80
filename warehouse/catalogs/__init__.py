"""Where the lake's catalog is kept: SQLite in the data folder, or a schema of a PostgreSQL database."""

from warehouse.catalogs.kind import Catalog, WriterLock, unavailable
from warehouse.catalogs.opening import catalog_of

__all__ = ["Catalog", "WriterLock", "catalog_of", "unavailable"]
