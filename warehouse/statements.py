"""The SQL beside this package: one statement a file, with its purpose in the header comment."""

from functools import cache
from importlib.resources import files


@cache
def text(name: str) -> str:
    """The text of sql/<name>.sql. Names in braces are filled in by `statement`."""
    return (files("warehouse") / "sql" / f"{name}.sql").read_text("utf-8")


def statement(name: str, **parts: int | str) -> str:
    """One statement. Parts are numbers and SQL of our own, never text from outside."""
    return text(name).format_map(parts)
