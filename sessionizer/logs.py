"""How the sessionizer reports what it does."""

from collections.abc import Callable, Mapping

from warehouse import logs

Report = Callable[[str, str, Mapping[str, object]], None]


def reporter(program: str) -> Report:
    """A function (level, event, fields) that writes a line naming `program`; level debug is for routine."""
    log = logs.configure(program)
    return lambda level, event, fields: getattr(log, level)(event, **fields)
