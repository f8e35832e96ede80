"""The demo shop's plan is about what the demo shop sends."""

from itertools import islice
from pathlib import Path
from typing import Any

import msgspec

import loadtest
from loadtest.traffic import Shop
from sdk_contract.plan import compile, lint, read_plan

NOW = 1_795_300_000_000_000
FOLDER = Path(loadtest.__file__).with_name("plan")
FILES = {path.relative_to(FOLDER).as_posix(): path.read_text("utf-8") for path in FOLDER.rglob("*.yaml")}
PLAN = compile(read_plan(FILES))


def text(part: Any) -> bytes:
    return b"" if part is None else msgspec.json.encode(part)


def test_nothing_of_the_shops_traffic_breaks_its_plan() -> None:
    seen = set()
    for message in islice(Shop(touched=True).history(NOW), 20_000):
        event = msgspec.json.decode(message.body)
        of_type, name = event["type"], event.get("event") or event.get("name")
        part = event.get("traits" if of_type in ("identify", "group") else "properties")
        assert PLAN.check(of_type, name, text(part), text(event["context"])) is None, event
        seen.add((of_type, event.get("event")))
    assert seen - {("alias", None)} == set(PLAN.events)


def test_what_the_shop_knows_of_people_is_marked() -> None:
    assert set(PLAN.pii("identify", None).values()) == {"name", "email", "phone"}
    assert PLAN.has_pii


def test_the_plan_has_nothing_to_complain_of() -> None:
    assert lint(FILES) == []
