"""Settings of the warehouse, and where things lie in a data folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from sdk_contract.settings import Secret


class Folders(msgspec.Struct, frozen=True):
    """The places of one data folder; nothing here is created by naming it."""

    root: Path

    @property
    def registry(self) -> Path:
        return self.root / "registry.sqlite"

    @property
    def secrets(self) -> Path:
        return self.root / "secrets"

    @property
    def journal(self) -> Path:
        return self.root / "journal"

    @property
    def landing(self) -> Path:
        return self.root / "landing"

    @property
    def imports(self) -> Path:
        """Files that the console may import lie in `inbox` below it."""
        return self.root / "imports"

    @property
    def lake(self) -> Path:
        return self.root / "lake"

    @property
    def catalog(self) -> Path:
        return self.lake / "catalog.sqlite"

    @property
    def catalog_owner(self) -> Path:
        """The number by which a catalog on a server knows this data folder."""
        return self.lake / "catalog.owner"

    @property
    def lake_data(self) -> Path:
        return self.lake / "data"

    @property
    def dedup(self) -> Path:
        return self.lake / "dedup"

    @property
    def clean_mark(self) -> Path:
        return self.lake / "clean"

    @property
    def losses(self) -> Path:
        return self.lake / "mending.json"

    @property
    def order(self) -> Path:
        return self.lake / "rebuild.json"

    @property
    def erasing(self) -> Path:
        return self.lake / "erasing.json"

    @property
    def before(self) -> Path:
        return self.lake / "before"

    @property
    def damaged(self) -> Path:
        return self.lake / "damaged"

    @property
    def writer_lock(self) -> Path:
        return self.lake / "writer.lock"


class WarehouseSettings(msgspec.Struct, frozen=True):
    """What may be set about the lake; each field is read from SOJOURN_<FIELD>."""

    data: Annotated[str, Meta(description="data folder")] = "./sojourn-data"
    landing: Annotated[
        str,
        Meta(description="where landing objects are: s3://bucket/prefix or a folder; empty = <data>/landing"),
    ] = ""
    catalog: Annotated[
        Secret | None,
        Meta(
            description="where the lake's catalog is: postgresql://user:password@host:5432/database; "
            "empty: SQLite in the data folder"
        ),
    ] = None
    catalog_schema: Annotated[
        str,
        Meta(
            description="schema of that database for this lake, another for each data folder",
            pattern="^[a-z_][a-z0-9_]{0,47}$",
        ),
    ] = "sojourn"
    lake_threads: Annotated[int, Meta(description="DuckDB threads of one program", ge=1)] = 2
    lake_memory: Annotated[
        int, Meta(description="memory DuckDB may use in one program, bytes", ge=1 << 26)
    ] = 2 << 30
    load_rows: Annotated[
        int, Meta(description="rows loaded in one transaction before it commits, about", ge=1)
    ] = 100_000
    sweep_every: Annotated[float, Meta(description="seconds between full listings of landing", ge=0)] = 60.0
    mark_every: Annotated[
        float, Meta(description="seconds between clean marks (fsync of new lake files)", ge=0)
    ] = 10.0
    snapshot_keep: Annotated[
        float, Meta(description="seconds for which old snapshots stay readable", ge=60)
    ] = 3600.0
    node: Annotated[str, Meta(description="name of this machine in segment names; empty: the host name")] = ""
    event_limit: Annotated[int, Meta(description="bytes of one event, as a replay judges it", ge=256)] = (
        32 << 10
    )
    upkeep_slice: Annotated[float, Meta(description="seconds upkeep may hold the writer at a time", gt=0)] = (
        1.0
    )

    @property
    def folders(self) -> Folders:
        return Folders(Path(self.data))

    @property
    def landing_url(self) -> str:
        return self.landing or str(self.folders.landing)
