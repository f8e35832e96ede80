"""What became of one try: by the answer of the destination. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any, Final, Literal

import msgspec

# Of 4xx these say that another time may do: too slow, too early, too many.
PASSING: Final = (408, 425, 429)
_LONGEST_WAIT: Final = 6 * 3600.0
_WAIT_OF_ROBOTS: Final = 60.0
_FIELD: Final = {"wecom": "errcode", "dingtalk": "errcode", "feishu": "code"}
# Too many messages, or the platform is busy.
_BUSY: Final = {"wecom": (-1, 45009), "dingtalk": (-1, 130101, 410100), "feishu": (9499, 11232)}


class Outcome(msgspec.Struct, frozen=True):
    """`sent`; `retry`, not before `after` seconds; `dead`: trying again would not help; or `barred`: the
    customer may not be told. `down`: the destination itself is in trouble, so others that wait for it need
    not be tried.
    """

    kind: Literal["sent", "retry", "dead", "barred"]
    why: str = ""
    after: float = 0.0
    down: bool = False


SENT: Final = Outcome("sent")


def of_answer(kind: str, status: int, headers: Mapping[str, str], body: bytes, now: int) -> Outcome:
    """By the status, and where a robot says 200 to everything, by the code in its body. `now`: µs UTC."""
    if 200 <= status < 300:
        return _of_robot(kind, body) if kind in _FIELD else SENT
    if 300 <= status < 400:
        return Outcome("dead", f"{status}: redirects are not followed; publish the new address")
    if status == 410:
        return Outcome("dead", "410: the receiver wants no more of these")
    if status in PASSING:
        return Outcome("retry", str(status), _retry_after(headers, now), down=status == 429)
    if status < 500:
        return Outcome("dead", f"{status}: the receiver refuses it")
    return Outcome("retry", str(status), _retry_after(headers, now), down=True)


def of_error(error: BaseException) -> Outcome:
    """No answer: the address is away, too slow, or its certificate is wrong."""
    text = " ".join(str(error).split())[:200]
    return Outcome("retry", f"{type(error).__name__}: {text}".rstrip(": "), down=True)


def _of_robot(kind: str, body: bytes) -> Outcome:
    try:
        said: Any = msgspec.json.decode(body)
        code = int(said[_FIELD[kind]])
    except (msgspec.DecodeError, KeyError, TypeError, ValueError):
        return Outcome("retry", "the robot's answer cannot be read", down=True)
    if code == 0:
        return SENT
    if code in _BUSY[kind]:
        return Outcome(
            "retry", f"{_FIELD[kind]} {code}: too many messages, or busy", _WAIT_OF_ROBOTS, down=True
        )
    return Outcome("dead", f"{_FIELD[kind]} {code}: {str(said.get('errmsg', said.get('msg', '')))[:120]}")


def _retry_after(headers: Mapping[str, str], now: int) -> float:
    text = headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:9]), _LONGEST_WAIT)
    try:
        wait = parsedate_to_datetime(text).timestamp() - now / 1e6
    except (ValueError, TypeError):
        return 0.0
    return min(max(wait, 0.0), _LONGEST_WAIT)
