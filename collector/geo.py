"""Where an address is, by a database in MaxMind's format (`.mmdb`), before the address is treated."""

from __future__ import annotations

import lzma
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Raw

from sdk_contract.dialects import Parsed
from sdk_contract.dialects.segment import BATCH
from warehouse.segments import Place

OFF = "off"
SHIPPED = Path(__file__).with_name("geo_data") / "country-2026-06-17.mmdb.xz"
ADDRESSES = 16_384
NOWHERE = Place()
_COUNTRY = re.compile(r"[A-Z]{2}")


class _Context(msgspec.Struct, gc=False):
    ip: Any = None


class _Event(msgspec.Struct, gc=False):
    context: _Context | None = None


class _Batch(msgspec.Struct, gc=False):
    batch: list[_Event]
    context: _Context | None = None


_decode_context = msgspec.json.Decoder(_Context).decode
_decode_event = msgspec.json.Decoder(_Event).decode
_decode_batch = msgspec.json.Decoder(_Batch).decode


def unpack_shipped(folder: Path) -> Path:
    """The country database that is shipped, unpacked into `folder` where it is not there yet."""
    path = folder / SHIPPED.stem
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        for other in folder.glob("country-*.mmdb*"):
            other.unlink(missing_ok=True)
        fresh = path.with_suffix(f".mmdb-{os.getpid()}")
        with lzma.open(SHIPPED) as packed, open(fresh, "wb") as file:
            shutil.copyfileobj(packed, file)
        fresh.replace(path)
    return path


def database(setting: str, run: Path) -> Path | None:
    """The database that the setting `geo` names: a path, "" for the shipped one, "off" for none."""
    if setting == OFF:
        return None
    return Path(setting) if setting else run / SHIPPED.stem


class Geo:
    """Looks addresses up, and takes a new database when the file changes; without a file it knows nothing.

    `refresh` may run in another thread than `place`. It reads a copy: who writes over the file in its place
    would else pull it out from under us.
    """

    def __init__(self, path: Path | None, trouble: Callable[[str], None]) -> None:
        self._path, self._trouble = path, trouble
        self._looked: tuple[int, ...] | None = None
        self._told: str | None = None
        self._find: Callable[[str], Place | None] | None = None

    @property
    def on(self) -> bool:
        return self._find is not None

    def place(self, address: str | None) -> Place | None:
        """Where the address is; None where that is not known."""
        return None if address is None or self._find is None else self._find(address)

    def refresh(self) -> bool:
        """Looks at the file; True where another one was taken. One that cannot be read changes nothing."""
        if self._path is None:
            return False
        try:
            status = self._path.stat()
            seen = (status.st_mtime_ns, status.st_size, status.st_ino)
            if seen == self._looked:
                return False
            self._looked = seen
            self._find = lru_cache(ADDRESSES)(_finder(self._path))
        except Exception as error:  # whatever is in that file, the door goes on with what it has
            if self._looked is not None or not isinstance(error, FileNotFoundError):
                self._tell(f"{self._path}: {error}")
            return False
        self._told = None
        return True

    def _tell(self, text: str) -> None:
        """Once, not at every look."""
        if text != self._told:
            self._told = text
            self._trouble(text)


def _finder(path: Path) -> Callable[[str], Place | None]:
    import maxminddb

    with tempfile.TemporaryDirectory(prefix="sojourn-geo-") as folder:
        copy = shutil.copyfile(path, Path(folder) / "copy.mmdb")
        reader = maxminddb.open_database(copy)

    def find(address: str) -> Place | None:
        try:
            return place_of(reader.get(address))
        except (ValueError, TypeError, maxminddb.InvalidDatabaseError):
            return None

    return find


def place_of(found: object) -> Place | None:
    """The place in a database's answer: the layouts of GeoLite2 and of flat country and city databases."""
    if not isinstance(found, Mapping):
        return None
    country = _country(found)
    parts = found.get("subdivisions")
    first = parts[0] if isinstance(parts, list) and parts else found.get("state1") or found.get("region")
    place = Place(country, _region(first, country), _name(found.get("city")))
    return None if place == NOWHERE else place


def _country(found: Mapping[str, Any]) -> str | None:
    nested = found.get("country") or found.get("registered_country")
    code = nested.get("iso_code") if isinstance(nested, Mapping) else nested
    for one in (found.get("country_code"), code):
        if isinstance(one, str) and _COUNTRY.fullmatch(one) and one != "ZZ":
            return one
    return None


def _region(found: object, country: str | None) -> str | None:
    code = found.get("iso_code") if isinstance(found, Mapping) else None
    return f"{country}-{code}" if country and isinstance(code, str) and code else _name(found)


def _name(found: object) -> str | None:
    names = found.get("names") if isinstance(found, Mapping) else None
    text = names.get("en") if isinstance(names, Mapping) else found
    return text[:100] if isinstance(text, str) and text else None


def places_of(parsed: Parsed, geo: Geo) -> dict[int, Place]:
    """Places of the events that bring an address of their own, as servers send it, by index.

    Whatever such an address says stands before the sender's: where it is not known, nothing is.
    """
    shared = _context_ip(parsed.context)
    found = ((index, _ip(raw, shared)) for index, raw in enumerate(parsed.events))
    return {index: geo.place(ip) or NOWHERE for index, ip in found if ip}


def places_at_once(kind: str, body: bytes, geo: Geo) -> dict[int, Place] | None:
    """The same of a request as it was sent, read in one go; None where an event needs a look by itself.

    To split the body and read each event costs three times as much.
    """
    try:
        whole = _decode_batch(body) if kind == BATCH else _Batch([_decode_event(body)])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    shared = None if whole.context is None else whole.context.ip
    found = (
        (index, shared if event.context is None else event.context.ip)
        for index, event in enumerate(whole.batch)
    )
    return {index: geo.place(ip) or NOWHERE for index, ip in found if ip and isinstance(ip, str)}


def _ip(raw: Raw, shared: str | None) -> str | None:
    try:
        context = _decode_event(raw).context
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    if context is None:
        return shared
    return context.ip if isinstance(context.ip, str) else None


def _context_ip(context: Raw | None) -> str | None:
    try:
        ip = None if context is None else _decode_context(context).ip
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return ip if isinstance(ip, str) else None
