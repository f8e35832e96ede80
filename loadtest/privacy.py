"""`privacy`: after everything that personal data can do to a running Sojourn, is any of it in a file?

Seeded people are sent in every way that `personal` knows, some refused events are replayed, all of it is
loaded; then every byte that Sojourn keeps is searched, and the journal also while it is written.
"""

import asyncio
import json
import tempfile
import zlib
from base64 import b64decode
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any, Final
from urllib.parse import unquote_to_bytes

import httpx
import msgspec

from loadtest.drive import Client, answers
from loadtest.errors import BadOutput
from loadtest.house import House
from loadtest.leaks import Search, Watch
from loadtest.personal import CASES, plan_files
from loadtest.processes import run, sojourn
from loadtest.seeded import Needle, Person, person
from loadtest.wire import Request

PROJECT: Final = "privacy"
SETTLE_S: Final = 120.0
# A collector knows new rules after a second.
RULES_S: Final = 3.0
_PAGES: Final = ("/metrics", "/health", "/ready")
_TOLD: Final = 60
Clock = Callable[[], int]
Report = Callable[[str], None]


class Privacy(msgspec.Struct, frozen=True):
    """What the command prints: values that were seeded, what became of the events, files and bytes searched.

    `held`: nothing was found, and all that had to happen did happen.
    """

    seeded: int
    stored: int
    rejected: int
    filtered: int
    replayed: int
    files: int
    bytes: int
    ips_found: int
    pii_found: int
    held: bool


def people(seed: int) -> dict[str, Person]:
    """One person for each case."""
    rng = Random(seed)
    return {case: person(case, rng) for case in CASES}


def requests(found: dict[str, Person], key: str) -> list[Request]:
    """What is sent, case by case."""
    return [asked for case, build in CASES.items() for asked in build(found[case], key)]


def seeded(search: Search, sent: list[Request]) -> set[Needle]:
    """The values that stand in what was sent."""
    found = search.needles_in(b"\n".join(asked.path.encode() + asked.headers + asked.body for asked in sent))
    for asked in sent:
        if b"Content-Encoding: gzip" in asked.headers and asked.body[:2] == b"\x1f\x8b":
            unpacked = zlib.decompressobj(31).decompress(asked.body)
            found |= search.needles_in(unpacked)
        if asked.body.startswith(b"data="):
            found |= search.needles_in(b64decode(unquote_to_bytes(asked.body[5:])))
    return found


def privacy(policy: str, ip_policy: str, seed: int, clock: Clock, report: Report) -> Privacy:
    """Send, replay, load, search. Only "strict" with "drop" promises that nothing is found."""
    found = people(seed)
    search = Search(found.values())
    with tempfile.TemporaryDirectory(prefix="loadtest-privacy-") as name:
        data, plans = Path(name) / "data", Path(name) / "plans"
        house = make_house(data, plans, found)
        key = _json(
            house, "key", "create", PROJECT, "--privacy", policy, "--ip", ip_policy, "--plan", "enforce"
        )
        with house, Watch(data / "journal", search) as watch:
            asyncio.run(answers(house.url, "/health", 60.0, clock))
            sent = requests(found, key["write_key"])
            answered = asyncio.run(_send(house, sent, clock))
            report(f"answered {dict(sorted(answered.items()))}")
            replayed = replay(house, plans, report)
            pages = asyncio.run(_pages(house))
            books = house.settle(SETTLE_S)
        report(f"the books: {books}")
        for page, text in pages.items():
            search.look(page, text)
        files = watch.files + len(pages) + _look_at_all(search, [data, house.program.log], Path(name))
    _tell(search, report)
    ips = sum(needle.is_ip for needle in search.found())
    pii = len(search.found()) - ips
    happened = min(books.stored, books.rejected, books.filtered, replayed, files) > 0
    return Privacy(
        len(seeded(search, sent)),
        books.stored,
        books.rejected,
        books.filtered,
        replayed,
        files,
        search.bytes,
        ips,
        pii,
        held=happened and ips == pii == 0,
    )


def make_house(data: Path, plans: Path, found: dict[str, Person]) -> House:
    """A data folder with a plan that knows what is personal, and one person who is suppressed."""
    data.mkdir()
    house = House(data, workers=1)
    house.variables = {
        **house.variables,
        "SOJOURN_TRUSTED_PROXIES": "127.0.0.1",
        "SOJOURN_VISITOR_COOKIE": "visitor",
    }
    _json(house, "key", "create", "other")
    publish(house, plans / "1", "1.0.0", "number")
    run(sojourn("suppress", "user_id", "u-suppressed", "--project", PROJECT), house.variables)
    return house


def publish(house: House, folder: Path, version: str, total: str) -> None:
    for name, text in plan_files(version, total).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    run(sojourn("plan", "publish", str(folder), "--project", PROJECT), house.variables)


def replay(house: House, plans: Path, report: Report) -> int:
    """Make what broke the plan valid, and replay it: the events that moved."""
    house.settle(SETTLE_S)
    publish(house, plans / "2", "2.0.0", "string")
    moved = _json(house, "replay", "--code", "plan_violation")
    report(f"replayed: {moved}")
    return sum(moved["moved"].values())


async def _send(house: House, asked: list[Request], clock: Clock) -> Counter[int]:
    """Every request one after the other: statuses by how often."""
    await asyncio.sleep(RULES_S)
    async with Client(house.url, clock=clock, connections=1, patience_s=30.0) as client:
        for request in asked:
            await client.send(request)
        return Counter([200] * len(client.acked) + [refused.status for refused in client.refused])


async def _pages(house: House) -> dict[str, bytes]:
    async with httpx.AsyncClient(base_url=house.url) as client:
        return {path: (await client.get(path)).content for path in _PAGES}


def _json(house: House, *arguments: str) -> dict[str, Any]:
    output = run(sojourn(*arguments, "--json"), house.variables)
    try:
        found: dict[str, Any] = json.loads(output)
    except ValueError:
        raise BadOutput(f"sojourn {' '.join(arguments)} printed {output[:300]!r}") from None
    return found


def _look_at_all(search: Search, roots: list[Path], base: Path) -> int:
    """Search every file below the roots; how many there are."""
    paths = [path for root in roots for path in ([root] if root.is_file() else sorted(root.rglob("*")))]
    files = [path for path in paths if path.is_file()]
    for path in files:
        search.look_at(path, str(path.relative_to(base)))
    return len(files)


def _tell(search: Search, report: Report) -> None:
    """The first leaks, by case and kind."""
    places: dict[tuple[str, str], list[str]] = {}
    for leak in search.leaks:
        places.setdefault((leak.needle.case, leak.needle.kind), []).append(leak.place)
    for (case, kind), where in list(places.items())[:_TOLD]:
        report(f"found: {kind} of case {case!r} in {', '.join(sorted(set(where))[:4])}")
