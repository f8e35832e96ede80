"""How the sessionizer logs: one JSON object a line on stderr, short lines where a person looks on."""

import sys
from collections.abc import Callable, Mapping
from typing import TextIO

import structlog

Report = Callable[[str, str, Mapping[str, object]], None]


def reporter(program: str, stream: TextIO = sys.stderr) -> Report:
    """A function (level, event, fields) that writes one line naming `program`."""
    person = stream.isatty()
    shape: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer(colors=True, pad_event_to=0)
        if person
        else structlog.processors.JSONRenderer()
    )
    log = structlog.wrap_logger(
        structlog.WriteLogger(stream),
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="%H:%M:%S" if person else "iso", utc=not person),
            shape,
        ],
    ).bind(program=program)
    return lambda level, event, fields: getattr(log, level)(event, **fields)
