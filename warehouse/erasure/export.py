"""Everything that is held about a person, as JSON lines by table, with a text that says what is what."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from sdk_contract.privacy import KeyGone, Vault
from sdk_contract.privacy.errors import BadToken
from warehouse.erasure.errors import BadErasure
from warehouse.erasure.held import conditions, find_events, gather
from warehouse.erasure.people import ERASE, People, Person, named_in
from warehouse.erasure.statements import text
from warehouse.erasure.subject import Subject
from warehouse.lake import Lake
from warehouse.query import plain
from warehouse.refused import UNREADABLE, opened
from warehouse.registry import Registry
from warehouse.schema_docs import whole_tables

_ROWS: Final = 1_000
_WITHHELD: Final = "withheld: the body of a whole request, which may hold events of others"
# They say what ids became, and nothing of the person.
_LEDGERS: Final = frozenset({"session_aliases", "customer_redirects"})
_FILES: Final = {
    "ids": "every id of the person and how it came to be known; `shared`: others use it too",
    "consent": "what the person consented to, the newest answer of each category, from context.consent",
    "refused": "events that were refused, or kept out, and name the person",
    "privacy": "whether the person's events are kept out, and erasures that were asked for",
}

Rows = Iterator[dict[str, Any]]


class Exported(msgspec.Struct, frozen=True):
    """Where it was written, and rows by file."""

    path: str
    rows: dict[str, int]


def export(lake: Lake, registry: Registry, vault: Vault, subject: Subject, out: Path) -> Exported:
    """Write a folder, or a zip where `out` ends in .zip. BadErasure where it is there already."""
    if out.exists():
        raise BadErasure(f"{out} is there already; give a name that is new")
    folder = out.with_suffix("") if out.suffix == ".zip" else out
    if folder.exists():
        raise BadErasure(f"{folder} is there already; give a name that is new")
    folder.mkdir(mode=0o700, parents=True)
    written = {
        name: _write(folder / f"{name}.jsonl", rows) for name, rows in _parts(lake, registry, vault, subject)
    }
    (folder / "README.md").write_text(_told(subject, written), encoding="utf-8")
    (folder / "manifest.json").write_bytes(
        msgspec.json.format(msgspec.json.encode(_manifest(subject, written)))
    )
    if out.suffix == ".zip":
        _pack(folder, out)
    return Exported(str(out), written)


def _parts(lake: Lake, registry: Registry, vault: Vault, subject: Subject) -> Iterator[tuple[str, Rows]]:
    find_events(lake, subject)
    gather(lake, [subject])
    yield "ids", _ids(lake, subject)
    yield "events", _table(lake, text("events_of"))
    for table, condition in conditions(lake):
        if table not in _LEDGERS and table != "identities":
            yield table, _of_theirs(lake, table, condition, subject)
    yield "refused", _refused(lake, subject, vault)
    yield "consent", _table(lake, text("consent"))
    yield "privacy", _privacy(registry, vault, subject)


def _table(lake: Lake, sql: str, values: Any = None) -> Rows:
    """Rows of a SELECT, some at a time. A cursor of its own would not see the temp tables."""
    result = lake.execute(sql, values)
    names = [column[0] for column in result.description or ()]
    while rows := result.fetchmany(_ROWS):
        for row in rows:
            yield {name: plain(cell) for name, cell in zip(names, row, strict=True)}


def _ids(lake: Lake, subject: Subject) -> Rows:
    kept = {(id.kind, id.value) for id in subject.kept}
    keys = subject.keys + subject.kept_keys
    known = list(_table(lake, text("known_ids"), [keys]))
    for row in known:
        yield {**row, "shared": (row["kind"], row["value"]) in kept}
    for id in () if known else subject.ids:
        yield {"project": subject.project, "kind": id.kind, "value": id.value, "shared": False}


def _of_theirs(lake: Lake, table: str, condition: str, subject: Subject) -> Rows:
    """An edge tells of two ids: the one that is somebody else's is left out."""
    mine = {*subject.keys, *subject.kept_keys}
    for row in _table(lake, f"SELECT * FROM {table} WHERE {condition} ORDER BY ALL"):
        sides = {name.removesuffix("_key") for name in ("left_key", "right_key") if name in row}
        foreign = {side for side in sides if row[f"{side}_key"] not in mine}
        yield {name: None if name.partition("_")[0] in foreign else cell for name, cell in row.items()}


def _refused(lake: Lake, subject: Subject, vault: Vault) -> Rows:
    """Refused events are known by their text alone; those of one event are written out whole."""
    people = People([Person(ERASE, subject)])
    values = {id.value for id in subject.ids}
    sql = "SELECT * FROM rejected WHERE project = ? AND raw IS NOT NULL ORDER BY load_seq"
    for row in _table(lake, sql, [subject.project]):
        sent = _opened(row["raw"], vault)
        if sent is None or not (people.needles.stand_in(sent) or named_in(sent) & values):
            continue
        whole = row["reason"] in UNREADABLE or row["verdict"] == "damaged"
        yield {**row, "raw": _WITHHELD if whole else sent.decode("utf-8", "backslashreplace")}


def _opened(raw: str, vault: Vault) -> bytes | None:
    try:
        return opened(raw, vault)
    except (KeyGone, BadToken):
        return None


def _privacy(registry: Registry, vault: Vault, subject: Subject) -> Rows:
    suppressed = registry.suppressions().get(subject.project, frozenset())
    for id in subject.ids:
        if vault.digest(id.kind, id.value) in suppressed:
            yield {"what": "suppressed", "kind": id.kind, "value": id.value}


def _write(path: Path, rows: Iterable[Mapping[str, Any]]) -> int:
    written = 0
    with path.open("wb") as file:
        for row in rows:
            file.write(msgspec.json.encode(row) + b"\n")
            written += 1
    return written


def _manifest(subject: Subject, written: dict[str, int]) -> dict[str, Any]:
    files = {f"{name}.jsonl": rows for name, rows in written.items()}
    return {"format": "sojourn-person-1", "project": subject.project, "files": files}


def _told(subject: Subject, written: dict[str, int]) -> str:
    tables = {table.name: table for table in whole_tables()}
    lines = [
        "# What is held about one person",
        "",
        f"Project {subject.project}. Each file has one JSON object a line (UTF-8); times are UTC, ISO 8601.",
        "On devices that others use too there are only the events of this person.",
        "",
    ]
    for name, rows in written.items():
        of = _FILES.get(name) or tables[name].comment
        lines += [f"## {name}.jsonl: {rows:,} rows", "", of, ""]
        if name in tables:
            lines += [f"- `{column.name}`: {column.comment}" for column in tables[name].columns] + [""]
    return "\n".join(lines)


def _pack(folder: Path, out: Path) -> None:
    with zipfile.ZipFile(out, "x", zipfile.ZIP_DEFLATED) as packed:
        for path in sorted(folder.iterdir()):
            packed.write(path, path.name)
    out.chmod(0o600)
    shutil.rmtree(folder)
