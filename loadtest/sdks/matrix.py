"""Every SDK against every fault: what it keeps is stored once, what it drops itself is listed as its own."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import msgspec

from loadtest.errors import GaveUp
from loadtest.house import House
from loadtest.processes import wait_until
from loadtest.sdks.faults import FAULTS, Front, fronts
from loadtest.sdks.known import NODE_PROJECT, Sdk
from loadtest.sdks.programs import End, Target
from loadtest.sdks.run import keys_of, send_all, stood
from loadtest.sdks.said import said_by
from loadtest.sdks.tally import Tally, tally

MOST_REQUESTS: Final = 60
_SEND_S: Final = 240.0
_SILENCE_S: Final = 25.0
_SETTLE_S: Final = 60.0
_STORED_S: Final = 30.0
_ROWS: Final = "SELECT * FROM events WHERE project = ?"


class Met(msgspec.Struct, frozen=True, omit_defaults=True):
    """One SDK and one fault. `dropped` are calls that the SDK gave up by itself, `missing` any others.

    `requests` are those with events that the SDK made.
    """

    sdk: str
    version: str
    fault: str
    sent: int
    stored: int
    doubled: int
    missing: int
    dropped: int
    requests: int
    absent: tuple[str, ...] = ()


class _Case(msgspec.Struct, frozen=True):
    sdk: Sdk
    front: Front
    target: Target


def matrix(
    chosen: Sequence[Sdk],
    report: Callable[[str], None],
    answers: Callable[[str], None],
    project: Path = NODE_PROJECT,
) -> list[Met]:
    """All cases at once, each with a server and a write key of its own."""
    pairs = [(sdk, fault) for sdk in chosen for fault in FAULTS if not sdk.alone]
    with TemporaryDirectory() as folder, House(Path(folder) / "data", workers=1) as house:
        answers(house.url)
        keys = keys_of(house.data, [_name(sdk, fault) for sdk, fault in pairs])
        with fronts([fault for _, fault in pairs], house.url) as servers:
            cases = [
                _Case(sdk, front, _target(sdk, front, keys[_name(sdk, fault)]))
                for (sdk, fault), front in zip(pairs, servers, strict=True)
            ]
            report(f"{len(chosen)} SDKs meet {len(FAULTS)} faults each")
            ends = send_all(chosen, [case.target for case in cases], project, _SEND_S, _SILENCE_S)
        report("counting what is stored")
        house.settle(_SETTLE_S)
        return _counted(house, cases, {end.host: end for end in ends}, project)


def total(cases: Sequence[Met]) -> Met:
    """The sums of all; `requests` is the most that any SDK made."""
    names = ("sent", "stored", "doubled", "missing", "dropped")
    sums = {name: sum(getattr(one, name) for one in cases) for name in names}
    return Met("all", "", "all", **sums, requests=max((one.requests for one in cases), default=0))


def _name(sdk: Sdk, fault: str) -> str:
    return f"{sdk.name}-{fault}"


def _target(sdk: Sdk, front: Front, key: str) -> Target:
    return Target(sdk.name, front.url, key, said_by(_name(sdk, front.fault)))


def _counted(house: House, cases: Sequence[_Case], ends: dict[str, End], project: Path) -> list[Met]:
    """Waits for what is on its way, as long as that changes anything."""
    found: list[Met] = []

    def still() -> bool:
        before = [one.stored for one in found]
        with house.lake() as lake:
            tallies = [
                tally(
                    case.sdk,
                    case.sdk.version(project),
                    lake.records(_ROWS, [_name(case.sdk, case.front.fault)]),
                    stood(case.target.said, ends[case.target.host]),
                )
                for case in cases
            ]
        found[:] = [_met(case, one) for case, one in zip(cases, tallies, strict=True)]
        return before == [one.stored for one in found]

    with suppress(GaveUp):
        wait_until("the rows to be all", still, _STORED_S, every_s=2.0)
    return found


def _met(case: _Case, counted: Tally) -> Met:
    own = case.front.fault in case.sdk.drops
    return Met(
        counted.sdk,
        counted.version,
        case.front.fault,
        counted.sent,
        counted.stored,
        counted.doubled,
        0 if own else counted.missing,
        counted.missing if own else 0,
        case.front.met,
        counted.absent,
    )
