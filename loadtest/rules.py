"""`rules`: what a key's rules cost at the door: a tracking plan enforced, a strict privacy policy, both.

One door, one worker, a key for each set of rules, the same bodies; rounds are interleaved and every figure is
a ratio within its round, so that a busy machine hits both sides of it alike.
"""

import tempfile
from base64 import b64encode
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Any, Final

import httpx
import msgspec

from loadtest.errors import ProgramFailed
from loadtest.sides import Cell, Door, check_cell
from loadtest.traffic import Shop
from loadtest.wrk import body_of
from sdk_contract.plan import Plan, read_plan
from warehouse.registry import Registry

SIZES: Final = (1, 20)
PLANNED: Final = 200
_CONSENTING: Final = b'"context":{"consent":{"categoryPreferences":{"analytics":true}},'
_SHOP_PLAN: Final = Path(__file__).with_name("plan")
Report = Callable[[str], None]

# What distinguishes the keys; the first is what the others are compared with.
WITHOUT_PLAN, WITH_PLAN = "unplanned", "planned"
KEYS: Final[dict[str, dict[str, Any]]] = {
    "plain": {"project": WITHOUT_PLAN},
    "planned": {"project": WITH_PLAN, "plan_mode": "enforce"},
    "strict": {"project": WITHOUT_PLAN, "ip_policy": "drop", "privacy": "strict"},
    "both": {"project": WITH_PLAN, "plan_mode": "enforce", "ip_policy": "drop", "privacy": "strict"},
}


class RulesFigures(msgspec.Struct, frozen=True):
    """By set of rules and events a request: events a CPU second of the door, and the share of `plain`."""

    events: int
    door: dict[str, dict[str, int]]
    kept: dict[str, dict[str, float]]


def shop_plan(events: int) -> Plan:
    """The demo shop's plan, filled up to a number of events with others of the same make."""
    files = {str(path.relative_to(_SHOP_PLAN)): path.read_text("utf-8") for path in _plan_files()}
    missing = events - len(read_plan(files).events)
    return read_plan(files | {"events/filler.yaml": "\n---\n".join(map(_filler, range(missing)))})


def _plan_files() -> Iterator[Path]:
    yield from sorted(_SHOP_PLAN.rglob("*.yaml"))


def _filler(number: int) -> str:
    return f"""event: Feature {number} Used
description: The feature of this number was used.
properties:
  type: object
  required: [feature, seconds]
  additionalProperties: false
  properties:
    feature: {{type: string, minLength: 1, maxLength: 80}}
    seconds: {{type: number, minimum: 0}}
    plan: {{enum: [free, team, company]}}
    tags: {{type: array, items: {{type: string}}}}
    contact: {{type: string, x-pii: email}}"""


Bodies = dict[tuple[str, int], Path]


def write_bodies(folder: Path, now: int) -> Bodies:
    """By key and size, planned tracks: nothing is let through unread.

    Where the plan asks for consent and the policy filters what does not say so, the sender consents.
    """
    tracks = [message for message in islice(Shop().history(now), 5_000, 6_000) if b'"track"' in message.body]
    paths = {}
    for size in SIZES:
        taken, tracks = tracks[:size], tracks[size:]
        body = body_of(taken, now)
        for name in KEYS:
            paths[name, size] = folder / f"body-{name}-{size}.json"
            consenting = body.replace(b'"context":{', _CONSENTING)
            paths[name, size].write_bytes(consenting if name == "both" else body)
    return paths


def rules(
    seconds: float,
    rounds: int,
    clock: Callable[[], int],
    answers: Callable[[str], None],
    report: Report,
) -> RulesFigures:
    """Interleaved rounds of every key and size; each figure is the median of the rounds."""
    with tempfile.TemporaryDirectory(prefix="loadtest-rules-") as name:
        folder = Path(name)
        headers = make_keys(folder / "data", clock)
        bodies = write_bodies(folder, clock())
        door = Door(folder)
        with door.program:
            answers(door.url)
            door.program.require()
            check_taken(door.url, headers, bodies)
            cells = _cells(door, bodies, headers, seconds, rounds, report)
    return figures(cells)


def check_taken(url: str, headers: dict[str, list[str]], bodies: Bodies) -> None:
    """Raises ProgramFailed unless every event is plainly taken: refusing would be a different work."""
    for (name, size), body in bodies.items():
        sent = dict(line.split(": ", 1) for line in headers[name])
        answer = httpx.post(f"{url}/v1/validate", content=body.read_bytes(), headers=sent, trust_env=False)
        said = [verdict.get("verdict") for verdict in answer.json().get("verdicts", [])]
        if said != ["ok"] * size:
            raise ProgramFailed(f"{name}: {size} events were not plainly taken: {answer.text[:1000]}")


def make_keys(data: Path, clock: Callable[[], int]) -> dict[str, list[str]]:
    """The request headers of each key, made in a new data folder."""
    data.mkdir()
    registry = Registry.open(data / "registry.sqlite", now=clock)
    try:
        plan = shop_plan(PLANNED)
        registry.publish_plan(WITH_PLAN, plan.version, plan.to_json(), "loadtest")
        secrets = {name: registry.create_key(**given).secret for name, given in KEYS.items()}
    finally:
        registry.close()
    return {name: _headers(secret) for name, secret in secrets.items()}


def _headers(secret: str) -> list[str]:
    basic = b64encode(f"{secret}:".encode()).decode()
    return [f"Authorization: Basic {basic}", "Content-Type: application/json"]


def _cells(
    door: Door,
    bodies: Bodies,
    headers: dict[str, list[str]],
    seconds: float,
    rounds: int,
    report: Report,
) -> dict[tuple[str, int], list[float]]:
    cells: dict[tuple[str, int], list[float]] = {(name, size): [] for name in KEYS for size in SIZES}
    for name in KEYS:
        door.cell(bodies[name, 1], headers[name], 1)
    for number in range(rounds):
        for size in SIZES:
            for name in KEYS:
                cell = door.cell(bodies[name, size], headers[name], seconds)
                check_cell(cell, f"{name} at {size} a request", door.program)
                cells[name, size].append(rate := _per_cpu(cell, size))
                report(f"round {number + 1}/{rounds}, {size} a request: {name} {rate:,.0f} a CPU s")
    return cells


def _per_cpu(cell: Cell, size: int) -> float:
    return cell.counted.answered * size / cell.cpu_s


def figures(cells: dict[tuple[str, int], list[float]]) -> RulesFigures:
    """Medians of the rounds; a share is the median of the shares within each round."""

    def share(name: str, size: int) -> float:
        pairs = zip(cells[name, size], cells["plain", size], strict=True)
        return round(median(one / plain for one, plain in pairs), 3)

    return RulesFigures(
        PLANNED,
        {name: {str(size): round(median(cells[name, size])) for size in SIZES} for name in KEYS},
        {name: {str(size): share(name, size) for size in SIZES} for name in KEYS if name != "plain"},
    )
