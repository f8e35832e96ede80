"""An import from beginning to end, wherever it is killed.

Of each block the object is announced in the registry, put into landing, tallied, and its rows are entered in
the index. What was announced and not entered is looked at when the next import begins: an object that is
there is tallied and entered, one that is not was never put. So each row is landed once, and the books close
at any moment.
"""

from __future__ import annotations

import fcntl
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import msgspec

from sdk_contract.errors import SojournError
from sdk_contract.verdicts import Verdict
from warehouse.errors import LakeMissing
from warehouse.imports.blocks import BLOCK_ROWS, Table, open_source
from warehouse.imports.counts import Counts
from warehouse.imports.dates import NEEDS_ZONE, Dates, Unreadable
from warehouse.imports.drafts import Drafter
from warehouse.imports.errors import BadImport, ImportBusy
from warehouse.imports.index import Entry, RowIndex, entry_of
from warehouse.imports.kinds import KINDS, Kind
from warehouse.imports.making import Made
from warehouse.imports.mapping import Mapping, check_mapping
from warehouse.imports.matching import Named, known
from warehouse.imports.repeats import Repeats, find_repeats
from warehouse.imports.suggesting import suggest
from warehouse.imports.workshop import Work, made_of, secret_of
from warehouse.lake import connect
from warehouse.landing import Store, object_key, open_store, segment_of
from warehouse.parquet import read_rows
from warehouse.registry import Key, Registry
from warehouse.registry.imports import Import, Intent, intent_of
from warehouse.replaying import node_name
from warehouse.settings import WarehouseSettings
from warehouse.statements import statement

Progress = Callable[[int, int], None]
_TAKEN = (Verdict.OK.value, Verdict.WARNING.value, Verdict.FILTERED.value)


class Wanted(msgspec.Struct, frozen=True):
    """What is to be imported, and who wants it; without a mapping the one that the file suggests. `filed`:
    the number under which it was filed.
    """

    kind: str
    path: Path
    key: Key
    by: str
    mapping: Mapping | None = None
    filed: int | None = None


class Ready(msgspec.Struct, frozen=True):
    """A file that was looked at: how it will be read, and which rows in it have one id."""

    wanted: Wanted
    kind: Kind
    source: Table
    mapping: Mapping
    repeats: Repeats

    def told(self) -> dict[str, Any]:
        """What is said of the file itself."""
        mapping, source, repeats = self.mapping, self.source, self.repeats
        return {
            "project": self.wanted.key.project, "kind": self.kind.name, "source": mapping.source,
            "file": self.wanted.path.name, "encoding": source.encoding, "delimiter": source.delimiter,
            "time_zone": mapping.time_zone, "of": repeats.rows, "contradictory_ids": repeats.ids,
            "shared_ids": repeats.shared,
        }  # fmt: skip


def look(registry: Registry, wanted: Wanted) -> Ready:
    """Read a file's head and ids. BadImport where it cannot be imported like this."""
    kind, given = KINDS[wanted.kind], wanted.mapping
    how = (None, None) if given is None else (given.encoding, given.delimiter)
    source = open_source(wanted.path, *how)
    return look_at(registry, wanted, source, given or suggest(kind, source.columns, source.sample()))


def look_at(registry: Registry, wanted: Wanted, source: Table, mapping: Mapping) -> Ready:
    """The same of rows that are at hand."""
    kind = KINDS[wanted.kind]
    check_mapping(mapping, kind, source.columns)
    require_zone(kind, source, mapping)
    drafter = Drafter(kind, mapping, wanted.key.project, secret_of(registry))
    return Ready(wanted, kind, source, mapping, find_repeats(source, kind, mapping, drafter))


def preview(
    settings: WarehouseSettings, registry: Registry, ready: Ready, *, now: Callable[[], int], processes: int,
    progress: Progress,
) -> dict[str, Any]:  # fmt: skip
    """What an import would do; nothing is written."""
    began = now()
    work, counts, found = work_of(settings, ready, "dry", began, {}, dry=True), Counts(), list[Named]()
    for made, ids, _ in made_of(work, ready.source.blocks(), processes, now):
        counts.add(made.counts)
        found += ids
        progress(counts.rows, ready.repeats.rows)
    try:
        with connect(settings, read_only=True) as lake:
            joins = known(lake, found)
    except LakeMissing:
        joins = {"rows": 0, "ids": {}}
    return {**ready.told(), **_plain(counts), "known": joins, "dry_run": True}


def carry_out(
    settings: WarehouseSettings, registry: Registry, ready: Ready, *, now: Callable[[], int], processes: int,
    progress: Progress,
) -> dict[str, Any]:  # fmt: skip
    """Import a file, or what is left of it. ImportBusy, BadImport, and what the store raises.

    What was filed waits for others to end.
    """
    patient = ready.wanted.filed is not None
    with _alone(settings.folders.imports, patient=patient), closing(_index(settings, registry)) as index:
        store = open_store(settings.landing_url)
        for intent in registry.intents():
            _settle(registry, store, index, intent)
        run = _begun(registry, ready)
        counts = index.counts(run.id)
        try:
            for _ in _blocks(settings, registry, ready, run, index, store, counts, now, processes):
                progress(counts.rows, ready.repeats.rows)
        except (SojournError, OSError) as error:
            result = _result(ready, run, counts) | {"error": str(error)}
            registry.move_import(run.id, result, "failed" if isinstance(error, BadImport) else "running")
            raise
        result = _result(ready, run, counts)
        registry.move_import(run.id, result, "done")
        return result


def _blocks(
    settings: WarehouseSettings, registry: Registry, ready: Ready, run: Import, index: RowIndex, store: Store,
    counts: Counts, now: Callable[[], int], processes: int,
) -> Iterator[None]:  # fmt: skip
    """One step a block: landed, tallied, entered and told."""
    worker = f"{node_name(settings)}-import{run.id}"
    said_by: dict[str, str | int] = {
        "source": ready.mapping.source, "kind": ready.kind.name, "file": run.file, "run": run.id,
    }  # fmt: skip
    work = work_of(settings, ready, worker, run.started_at, said_by)
    for made, _, received_at in made_of(work, ready.source.blocks(index.next(run.id)), processes, now):
        counts.add(made.counts)
        _keep(registry, store, index, run, work, made, received_at, msgspec.json.encode(counts).decode())
        registry.move_import(run.id, _result(ready, run, counts))
        yield


def _keep(
    registry: Registry, store: Store, index: RowIndex, run: Import, work: Work, made: Made, received_at: int,
    counts: str,
) -> None:  # fmt: skip
    """Land what is new of a block, count it, and remember its rows; `counts` are those up to its end."""
    if made.parquet is None:
        index.put([], run.id, made.number + 1, counts)
        return
    intent = intent_of(work.segment(made.number), run.id, made.tally[0], received_at, counts)
    registry.intend(intent)
    store.put_new(object_key(intent.segment_id, received_at), made.parquet)
    registry.tally_segment(intent.worker, intent.segment_id, intent.tally)
    index.put(made.entries, run.id, made.number + 1, counts)
    registry.forget_intent(intent.segment_id)


def _settle(registry: Registry, store: Store, index: RowIndex, intent: Intent) -> None:
    """End what a kill left: an object that is in landing counts, one that is not was never put."""
    key = object_key(intent.segment_id, intent.received_at)
    if store.exists(key):
        registry.tally_segment(intent.worker, intent.segment_id, intent.tally)
        number = int(segment_of(key).rpartition("-")[2])
        index.put(_entries(store.get(key)), intent.import_id, number + 1, intent.counts)
    registry.forget_intent(intent.segment_id)


def _entries(parquet: bytes) -> Iterator[Entry]:
    """What an object says of the rows that it holds."""
    rows = read_rows(parquet, ["message_id", "event", "verdict"]).to_pydict()
    for message_id, event, verdict in zip(rows["message_id"], rows["event"], rows["verdict"], strict=True):
        entry = entry_of(message_id, event, taken=verdict in _TAKEN)
        if entry is not None and entry[2]:
            yield entry


def _begun(registry: Registry, ready: Ready) -> Import:
    if ready.wanted.filed is not None:
        return registry.start_import(ready.wanted.filed, ready.source.digest)
    wanted, mapping = ready.wanted, msgspec.json.encode(ready.mapping, order="sorted").decode()
    return registry.begin_import(
        wanted.key.project, ready.kind.name, ready.mapping.source, wanted.path.name, ready.source.digest,
        mapping, wanted.key.id, wanted.by,
    )  # fmt: skip


def work_of(
    settings: WarehouseSettings, ready: Ready, worker: str, began_at: int, said_by: dict[str, str | int], *,
    dry: bool = False,
) -> Work:  # fmt: skip
    folders, key = settings.folders, ready.wanted.key
    return Work(
        ready.kind.name, ready.mapping, key.project, key.no, folders.registry, folders.secrets,
        index_path(folders.imports), settings.event_limit, ready.repeats, worker, began_at, said_by, dry,
    )  # fmt: skip


def _result(ready: Ready, run: Import, counts: Counts) -> dict[str, Any]:
    return {"import": run.id, **ready.told(), **_plain(counts), "dry_run": False}


def _plain(counts: Counts) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.to_builtins(counts)
    return found


def index_path(folder: Path) -> Path:
    """Where the index of imported rows is."""
    return folder / "rows.sqlite"


def _index(settings: WarehouseSettings, registry: Registry) -> RowIndex:
    """The index; one that is lost is made again from what the lake holds of imports."""
    path = index_path(settings.folders.imports)
    lost = not path.is_file() and any(one.state != "filed" for one in registry.imports())
    index = RowIndex.open(path)
    if lost:
        with suppress(LakeMissing), connect(settings, read_only=True) as lake:
            found = lake.execute(statement("imports/told"))
            while rows := found.fetchmany(BLOCK_ROWS):
                entries = (entry_of(id, event, taken=taken) for id, event, taken in rows)
                index.put([entry for entry in entries if entry is not None and entry[2]], 0, 0, "{}")
    return index


@contextmanager
def _alone(folder: Path, *, patient: bool = False) -> Iterator[None]:
    """One import at a time: what is new is told by what was imported before."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | (0 if patient else fcntl.LOCK_NB))
        except OSError:
            raise ImportBusy(
                f"another import of {folder.parent} is running; try again when it is done"
            ) from None
        yield


def require_zone(kind: Kind, source: Table, mapping: Mapping) -> None:
    """BadImport where the first rows have times whose zone nobody said."""
    if mapping.time_zone is not None:
        return
    dates, sample = Dates(None, mapping.date_order), source.sample()
    for name, cell in mapping.cells().items():
        field = kind.field(name)
        is_time = (cell.of or (field.of if field else None)) == "time"
        if is_time and any(_lacks_zone(dates, value) for value in sample.get(cell.column or "", ())):
            raise BadImport(
                f"{cell.column!r} has times without a zone; `time_zone: Asia/Shanghai` in the mapping or "
                "--time-zone Asia/Shanghai would do"
            )


def _lacks_zone(dates: Dates, value: Any) -> bool:
    try:
        if value not in (None, ""):
            dates.read(value)
    except Unreadable as bad:
        return bad.expected == NEEDS_ZONE
    return False
