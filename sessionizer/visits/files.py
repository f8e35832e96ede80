"""Session rules of one's own, in a file of JSON."""

from __future__ import annotations

from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from sessionizer.errors import BadRules
from sessionizer.visits.rules import SessionRules


def read_file(path: str) -> SessionRules:
    """The rules in a file. BadRules names the file, the field and what would do."""
    try:
        rules = msgspec.json.decode(Path(path).read_bytes(), type=SessionRules)
    except OSError as error:
        raise BadRules(f"session rules {path}: {error.strerror or error}") from None
    except (msgspec.MsgspecError, UnicodeError) as error:
        raise BadRules(f"session rules {path}: {error}") from None
    return checked(rules, path)


def checked(rules: SessionRules, place: str) -> SessionRules:
    """The same rules. BadRules where the time zone is none."""
    if rules.day_of is not None:
        try:
            ZoneInfo(rules.day_of)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise BadRules(
                f"session rules {place}: day_of is {rules.day_of!r}; a zone such as Asia/Shanghai would do"
            ) from None
    return rules
