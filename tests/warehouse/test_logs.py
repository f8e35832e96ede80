"""Logs: JSON for programs, short lines for people."""

import io
import json

import pytest

from warehouse import logs


def test_a_program_reads_every_line_as_json() -> None:
    stream = io.StringIO()
    log = logs.configure("sessionize", stream)
    log.debug("loaded", rows=3)
    log.info("ready", data="d")
    debug, info = (json.loads(line) for line in stream.getvalue().splitlines())
    assert (debug["event"], debug["rows"], debug["program"]) == ("loaded", 3, "sessionize")
    assert (info["event"], info["level"]) == ("ready", "info")


def test_a_person_is_spared_routine(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    monkeypatch.setattr(stream, "isatty", lambda: True)
    log = logs.configure("sessionize", stream)
    log.debug("loaded", rows=3)
    log.info("ready", data="d")
    assert "loaded" not in stream.getvalue()
    assert "ready" in stream.getvalue()


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ('{"program": "x", "event": "ready", "level": "info", "data": "d"}', "ready data=d"),
        ('{"event": "loaded", "level": "debug", "rows": 3}', None),
        ("error: port 8000 is in use", "error: port 8000 is in use"),
        ("[1, 2]", "[1, 2]"),
    ],
)
def test_lines_of_other_programs_are_shortened(line: str, shown: str | None) -> None:
    assert logs.short(line) == shown
