"""All SDKs against a Sojourn of their own, each with a write key of its own."""

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import msgspec

from loadtest.errors import GaveUp
from loadtest.house import House
from loadtest.processes import wait_until
from loadtest.sdks.known import NODE_PROJECT, Sdk
from loadtest.sdks.programs import QUIET_S, End, Target, browser, node, python
from loadtest.sdks.said import Said, said_by
from loadtest.sdks.tally import Tally, tally
from warehouse.registry import Registry

_SEND_S: Final = 120.0
_SETTLE_S: Final = 60.0
_ROWS: Final = "SELECT * FROM events WHERE project = ?"


def together(tallies: Sequence[Tally]) -> Tally:
    """The sums of all."""
    names = ("sent", "stored", "doubled", "missing")
    sums = {name: sum(getattr(one, name) for one in tallies) for name in names}
    return Tally("all", str(len(tallies)), **sums)


def sdks(
    chosen: Sequence[Sdk],
    report: Callable[[str], None],
    answers: Callable[[str], None],
    project: Path = NODE_PROJECT,
) -> list[Tally]:
    """Starts Sojourn on a fresh folder, sends with every SDK at once, and counts what is in `events`."""
    with TemporaryDirectory() as folder, House(Path(folder) / "data", workers=1) as house:
        answers(house.url)
        keys = keys_of(house.data, [sdk.name for sdk in chosen])
        targets = [Target(sdk.name, house.url, keys[sdk.name], said_by(sdk.name)) for sdk in chosen]
        report(f"{len(targets)} SDKs send")
        ends = send_all(chosen, targets, project, _SEND_S)
        report("counting what is stored")
        house.settle(_SETTLE_S)
        return counted(house, chosen, targets, ends, project)


def keys_of(data: Path, names: Sequence[str]) -> Mapping[str, str]:
    """A write key for each name, in a project of that name."""
    registry = Registry.open(data / "registry.sqlite", now=lambda: time.time_ns() // 1000)
    found = {name: registry.create_key(name).secret for name in names}
    registry.close()
    return found


def send_all(
    chosen: Sequence[Sdk], targets: Sequence[Target], project: Path, within_s: float, quiet_s: float = QUIET_S
) -> list[End]:
    """Runs the languages beside each other."""
    languages = {sdk.name: sdk.language for sdk in chosen}
    by_language: dict[str, list[Target]] = {}
    for target in targets:
        by_language.setdefault(languages[target.sdk], []).append(target)
    runs: Mapping[str, Callable[[list[Target]], list[End]]] = {
        "python": lambda given: python(given, within_s),
        "node": lambda given: node(given, project, within_s),
        "browser": lambda given: browser(given, project, within_s, quiet_s),
    }
    with ThreadPoolExecutor(len(runs)) as pool:
        futures = [pool.submit(runs[language], given) for language, given in by_language.items()]
        return [end for future in futures for end in future.result()]


def counted(
    house: House, chosen: Sequence[Sdk], targets: Sequence[Target], ends: Sequence[End], project: Path
) -> list[Tally]:
    """What of each SDK's calls is in `events`, once all of them are or some time has passed."""
    ended = {end.sdk: end for end in ends}
    found: list[Tally] = []

    def whole() -> bool:
        with house.lake() as lake:
            rows: dict[str, list[dict[str, Any]]] = {
                sdk.name: lake.records(_ROWS, [sdk.name]) for sdk in chosen
            }
        found[:] = [
            tally(
                sdk,
                sdk.version(project),
                rows[sdk.name],
                stood(target.said, ended[sdk.name]),
                ended[sdk.name].error,
            )
            for sdk, target in zip(chosen, targets, strict=True)
        ]
        return not any(one.missing for one in found)

    with suppress(GaveUp):
        wait_until("every call to be stored", whole, _SETTLE_S, every_s=1.0)
    return found


def stood(said: Said, end: End) -> Said:
    """The same with the page on which a browser's SDK stood."""
    return said if end.page is None else msgspec.structs.replace(said, page=end.page)
