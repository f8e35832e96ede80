"""What a look needs to know, handed to a program of its own.

`python -m warehouse.erasure.asking` reads it from stdin and prints what was found: ids stand in no argument
and no file.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time

import msgspec

from sdk_contract.settings import Secret
from warehouse.erasure.errors import LookFailed
from warehouse.erasure.everywhere import look_everywhere
from warehouse.erasure.looking import Looked
from warehouse.erasure.people import People, Person
from warehouse.landing import open_store
from warehouse.secrets import Secrets
from warehouse.settings import WarehouseSettings

_NICE = 10


class Ask(msgspec.Struct, frozen=True):
    """One look: for whom, where, and what was found clean before."""

    people: list[Person]
    data: str
    landing: str
    catalog: str | None
    catalog_schema: str
    firsts: dict[str, int]
    clean: list[str]


def ask_of(
    settings: WarehouseSettings, people: list[Person], firsts: dict[str, int], clean: list[str]
) -> Ask:
    """The question about a data folder."""
    catalog = settings.catalog.reveal() if settings.catalog else None
    where = (settings.data, settings.landing, catalog, settings.catalog_schema)
    return Ask(people, *where, firsts, clean)


def look(ask: Ask) -> Looked:
    """Look in this program, which must have neither lake nor registry open."""
    catalog = Secret(ask.catalog) if ask.catalog else None
    settings = WarehouseSettings(
        data=ask.data, landing=ask.landing, catalog=catalog, catalog_schema=ask.catalog_schema
    )
    vault = Secrets.open(settings.folders.secrets, lambda: time.time_ns() // 1000, os.urandom).vault()
    store = open_store(settings.landing_url)
    return look_everywhere(settings, store, People(ask.people), vault, firsts=ask.firsts, clean=ask.clean)


class Apart:
    """A look in a program of its own, which `stop` ends."""

    def __init__(self) -> None:
        self._program: subprocess.Popen[bytes] | None = None

    def __call__(self, ask: Ask) -> Looked:
        command = [sys.executable, "-m", "warehouse.erasure.asking"]
        with subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as program:
            self._program = program
            answer, trouble = program.communicate(msgspec.json.encode(ask))
        self._program = None
        if program.returncode:
            last = trouble.decode("utf-8", "replace").strip().splitlines()[-1:]
            raise LookFailed(f"the search ended with {program.returncode}: {''.join(last)[:200]}")
        return msgspec.json.decode(answer, type=Looked)

    def stop(self) -> None:
        if self._program is not None:
            self._program.kill()


def main() -> None:
    os.nice(_NICE)
    found = look(msgspec.json.decode(sys.stdin.buffer.read(), type=Ask))
    sys.stdout.buffer.write(msgspec.json.encode(found))


if __name__ == "__main__":
    main()
