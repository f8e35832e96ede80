"""Reads cases that were restated in our own words (tests/fixtures/insights) into one lake, a project each."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import yaml

from tests.sessionizer.world import Event
from tests.warehouse.insights.asked_lake import lake_of
from warehouse.lake import Lake

FOLDER = Path(__file__).parents[2] / "fixtures" / "insights"
ORIGIN = datetime(2020, 6, 10)  # noqa: DTZ001 a local day, of whatever zone


def cases(name: str) -> list[dict[str, Any]]:
    """Every case of a file, with `project` and `zone`."""
    found: list[dict[str, Any]] = yaml.safe_load((FOLDER / name).read_text("utf-8"))["cases"]
    for number, case in enumerate(found):
        case["project"] = f"{name}-{number}"
        case["zone"] = case.get("clock") or case["ask"].get("timezone", "UTC")
        case["ask"] = {key: fitting(value) for key, value in case["ask"].items()}
    return found


def fitting(value: Any) -> Any:
    """As a question takes it: texts for days, tuples for lists."""
    if isinstance(value, list):
        return tuple(value)
    return value if isinstance(value, bool | int) else str(value)


def lake_with(listed: list[dict[str, Any]]) -> Lake:
    events = [one for case in listed for one in happened(case)]
    return lake_of(msgspec.structs.replace(one, load_seq=number) for number, one in enumerate(events, 1))


def happened(case: dict[str, Any]) -> Iterator[Event]:
    for person, series in case["people"].items():
        for name, moments in series.items():
            for number, word in enumerate(str(moments).split()):
                yield event(case, person, name, number, word)


def event(case: dict[str, Any], person: str, name: str, number: int, word: str) -> Event:
    """A word is DAY@TIME=COUNTRY+GROUP; the last three may be left out."""
    word, _, group = word.partition("+")
    when, _, country = word.partition("=")
    kind, _, title = name.rpartition(":")
    return Event(
        0,
        moment(when, case["zone"]),
        f"{person}-{name}-{number}",
        kind or "track",
        person,
        project=case["project"],
        event=None if title.startswith("/") else title,
        page_path=title if title.startswith("/") else None,
        country=country or None,
        group_id=group.split("+")[0] or None,
    )


def moment(text: str, zone: str) -> int:
    """DAY@HOUR or DAY@HOUR:MINUTE, a day being a date or a number from the origin on; µs UTC."""
    day, _, time = text.partition("@")
    hours, _, minutes = (time or "5").partition(":")
    begin = datetime.fromisoformat(day) if "-" in day[1:] else ORIGIN + timedelta(days=int(day))
    local = begin + timedelta(hours=int(hours), minutes=float(minutes or 0))
    return round(local.replace(tzinfo=ZoneInfo(zone)).timestamp() * 1_000_000)


def known(case: dict[str, Any]) -> int:
    """Until when everything is in, µs UTC: the end of the range unless the case says."""
    text = str(case.get("know", case["ask"]["until"]))
    end = datetime.fromisoformat(text) + timedelta(days="know" not in case and "T" not in text)
    zone = ZoneInfo("UTC" if "know" in case else case["zone"])
    return round(end.replace(tzinfo=zone).timestamp() * 1_000_000)
