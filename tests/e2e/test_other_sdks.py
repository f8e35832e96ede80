"""Unmodified SDKs of other protocols, all at once: every call is in SQL once, with its fields."""

from pathlib import Path

import pytest

from loadtest.sdks.known import SDKS
from loadtest.sdks.programs import Target
from loadtest.sdks.run import send_all, stood
from loadtest.sdks.said import said_by
from loadtest.sdks.tally import Tally, tally
from tests.e2e.conftest import Running, eventually

pytestmark = [pytest.mark.xdist_group("up"), pytest.mark.node, pytest.mark.browser]

PROJECT = Path(__file__).parent / "node"
WITHIN_S = 60.0


def test_every_call_is_in_sql_once_with_its_fields(running: Running) -> None:
    keys = running.keys([sdk.name for sdk in SDKS])
    targets = [Target(name, running.collector, key, said_by(name)) for name, key in keys.items()]
    ends = {end.sdk: end for end in send_all(SDKS, targets, PROJECT, WITHIN_S)}
    assert {end.sdk: end.error for end in ends.values() if end.error} == {}
    said = {target.sdk: stood(target.said, ends[target.sdk]) for target in targets}

    def tallies() -> dict[str, Tally]:
        rows = running.of_projects(keys)
        return {sdk.name: tally(sdk, "", rows[sdk.name], said[sdk.name]) for sdk in SDKS}

    found = eventually(tallies, lambda found: all(one.missing == 0 for one in found.values()))
    assert {name: one.doubled for name, one in found.items()} == dict.fromkeys(keys, 0)
    for rows in running.of_projects(keys).values():
        assert {row["verdict"] for row in rows} == {"ok"}
        assert len({row["message_id"] for row in rows}) == len(rows)
