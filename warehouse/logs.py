"""How a program logs: JSON lines on stderr; where a person looks on, short lines and none of routine."""

import logging
import sys
from typing import TextIO

import msgspec
import structlog

HEADINGS = ("level", "timestamp", "program")


def configure(program: str, stream: TextIO = sys.stderr) -> structlog.typing.FilteringBoundLogger:
    """A logger that names `program` in each line. What is routine is logged as debug."""
    person = stream.isatty()
    shape: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer(colors=True, pad_event_to=0)
        if person
        else structlog.processors.JSONRenderer()
    )
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="%H:%M:%S" if person else "iso", utc=not person),
            structlog.processors.format_exc_info,
            shape,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO if person else logging.DEBUG),
        logger_factory=structlog.WriteLoggerFactory(stream),
    )
    logging.basicConfig(stream=stream, level=logging.WARNING, format="%(name)s: %(message)s")
    log: structlog.typing.FilteringBoundLogger = structlog.get_logger().bind(program=program)
    return log


def short(line: str) -> str | None:
    """A line of another program's log as a person reads it; None for one of routine. Other text stays."""
    try:
        fields = msgspec.json.decode(line, type=dict[str, object])
    except msgspec.DecodeError:
        return line
    if fields.get("level") == "debug":
        return None
    event = fields.pop("event", "")
    told = (
        f"{name}={value}" for name, value in fields.items() if name not in ("level", "timestamp", "program")
    )
    return " ".join([str(event), *told])
