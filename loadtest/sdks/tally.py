"""What of the calls is in `events`: each of them once, with its fields, or not."""

from collections.abc import Sequence
from typing import Final

import msgspec

from loadtest.sdks.known import Sdk
from loadtest.sdks.said import Row, Said, is_there

# What an SDK may say of itself more than once, with several calls.
_OFTEN: Final = ("identify", "group")


class Tally(msgspec.Struct, frozen=True, omit_defaults=True):
    """Calls of one SDK: how many it made, are stored, are there more than once, are not there.

    `absent` names the last, `said` is what the SDK itself complained of.
    """

    sdk: str
    version: str
    sent: int
    stored: int
    doubled: int
    missing: int
    absent: tuple[str, ...] = ()
    said: str | None = None


def tally(sdk: Sdk, version: str, rows: Sequence[Row], said: Said, error: str | None = None) -> Tally:
    """Counts the rows of one SDK's run, that nobody else has; `error` is what it said itself."""
    found = {role: sum(is_there(role, row, said) for row in rows) for role in sdk.roles}
    absent = tuple(role for role, number in found.items() if number == 0)
    doubled = sum(number > 1 for role, number in found.items() if role not in _OFTEN)
    return Tally(sdk.name, version, len(found), len(found) - len(absent), doubled, len(absent), absent, error)
