"""A disk that loses or tears what was not synced: `torn.c` keeps what is durable, `cut` builds the rest.

What a power cut leaves: every name and content that was synced, and of each later change all, nothing or
a part.
"""

from __future__ import annotations

import ctypes
import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from random import Random
from typing import Final

import msgspec

from loadtest.errors import NoCompiler

SOURCE: Final = Path(__file__).with_name("torn.c")
PAGE, SECTOR = 4096, 512
_PARTS: Final = ("files", "dirs", "aside", "locks")


class Entry(msgspec.Struct, frozen=True):
    """What a name stands for: the key of a file or folder, as `torn.c` makes it."""

    key: str
    is_folder: bool


Names = Mapping[str, Entry]
KeyOf = Callable[[Path], str]


def built(folder: Path) -> Path:
    """The library, compiled into `folder`. NoCompiler where there is no cc."""
    library, compiler = folder / "torn.so", shutil.which("cc")
    if compiler is None:
        raise NoCompiler("torn needs a C compiler; there is no cc: apt-get install gcc libc6-dev")
    subprocess.run([compiler, "-O2", "-shared", "-fPIC", "-o", library, SOURCE], check=True)
    return library


class Disk:
    """The folder `root` of programs started with `variables`; syncs of paths that contain `deny` are lies."""

    def __init__(self, root: Path, shadow: Path, library: Path, deny: str = "") -> None:
        self.root, self._shadow, self._key_of = root, shadow, keys_by(library)
        self.variables: Mapping[str, str] = {
            "LD_PRELOAD": str(library),
            "TORN_ROOT": str(root),
            "TORN_SHADOW": str(shadow),
            "TORN_DENY": deny,
        }
        root.mkdir(parents=True, exist_ok=True)
        self._keep_all()

    def cut(self, rng: Random) -> None:
        """The power goes: the folder becomes what the disk has of it. Nothing may run on it any more."""
        before = self.root.with_name(f"{self.root.name}.before")
        self.root.rename(before)
        Rebuilding(before, self._shadow, self._key_of, rng).build(self.root)
        shutil.rmtree(before)
        self._keep_all()

    def _keep_all(self) -> None:
        """Everything that is there now is durable."""
        shutil.rmtree(self._shadow, ignore_errors=True)
        for part in _PARTS:
            (self._shadow / part).mkdir(parents=True)
        for folder in (self.root, *(path for path in self.root.rglob("*") if path.is_dir())):
            entries = {path: Entry(self._key_of(path), path.is_dir()) for path in folder.iterdir()}
            lines = (f"{e.key} {'d' if e.is_folder else 'f'} {path.name}\n" for path, e in entries.items())
            (self._shadow / "dirs" / self._key_of(folder)).write_text("".join(lines))
            for path, entry in entries.items():
                if not entry.is_folder:
                    shutil.copyfile(path, self._shadow / "files" / entry.key)


class Rebuilding:
    """One power cut. Each key has one coin: what was done with its names since they were synced held, or not.

    So a rename is never half done.
    """

    def __init__(self, before: Path, shadow: Path, key_of: KeyOf, rng: Random) -> None:
        self._before, self._shadow, self._key_of, self._rng = before, shadow, key_of, rng
        self._paths = {key_of(path): path for path in (before, *before.rglob("*"))}
        self._coins: dict[str, bool] = {}

    def build(self, root: Path) -> None:
        self._folder(self._key_of(self._before), root)

    def _folder(self, key: str, to: Path) -> None:
        to.mkdir()
        for name, entry in sorted(self._names(key).items()):
            if entry.is_folder:
                self._folder(entry.key, to / name)
            else:
                (to / name).write_bytes(self._content(entry.key))

    def _names(self, key: str) -> Names:
        """Of each name that changed since the last sync, what it was or what it is now."""
        synced, now = self._synced_names(key), self._names_now(key)
        found: dict[str, Entry] = {}
        for name in sorted(synced.keys() | now.keys()):
            old, new = synced.get(name), now.get(name)
            decisive = new or old
            held = old == new or (decisive is not None and self._coin(decisive.key))
            entry = new if held else old
            if entry is not None:
                found[name] = entry
        return found

    def _coin(self, key: str) -> bool:
        if key not in self._coins:
            self._coins[key] = self._rng.random() < 0.5
        return self._coins[key]

    def _synced_names(self, key: str) -> Names:
        path = self._shadow / "dirs" / key
        lines = path.read_text().splitlines() if path.exists() else []
        fields = (line.split(" ", 2) for line in lines)
        return {name: Entry(entry, kind == "d") for entry, kind, name in fields}

    def _names_now(self, key: str) -> Names:
        """None where the folder itself is gone."""
        path = self._paths.get(key)
        return {one.name: Entry(self._key_of(one), one.is_dir()) for one in path.iterdir()} if path else {}

    def _content(self, key: str) -> bytes:
        kept = self._shadow / "files" / key
        synced = kept.read_bytes() if kept.exists() else b""
        path = self._paths.get(key)
        now = synced if path is None else path.read_bytes()
        chance = self._rng.random()
        if now == synced or chance < 0.3:
            return synced
        return now if chance < 0.55 else torn(synced, now, self._rng)


def torn(synced: bytes, now: bytes, rng: Random) -> bytes:
    """Some pages as they were synced, some as they are now, some mixed by sectors; zeros where neither is."""
    least, most = sorted((len(synced), len(now)))
    size = rng.choice((len(synced), len(now), rng.randint(least, most)))
    pages = (_page(synced, now, at, rng) for at in range(0, size, PAGE))
    return b"".join(pages)[:size]


def _page(synced: bytes, now: bytes, at: int, rng: Random) -> bytes:
    old, new = (side[at : at + PAGE].ljust(PAGE, b"\0") for side in (synced, now))
    chance = rng.random()
    if chance < 0.8:
        return old if chance < 0.4 else new
    cuts = range(0, PAGE, SECTOR)
    return b"".join((old if rng.random() < 0.5 else new)[cut : cut + SECTOR] for cut in cuts)


def keys_by(library: Path) -> KeyOf:
    """How a file or folder is called in the shadow. OSError where the file system cannot tell them apart."""
    call, room = ctypes.CDLL(str(library)).torn_key, 96

    def key_of(path: Path) -> str:
        key = ctypes.create_string_buffer(room)
        if call(str(path).encode(), key, ctypes.c_size_t(room)):
            raise OSError(f"{path}: its file system does not say when a file was made")
        return key.value.decode()

    return key_of
