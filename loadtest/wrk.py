"""The load client wrk: bodies whose message ids it renews, one run of it, and what it counted."""

import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

from loadtest.errors import BadOutput, ProgramFailed
from loadtest.visits import Message, iso
from loadtest.wire import envelope

MARKER: Final = b"__ID-OF-THIS-EVENT__"
CONNECTIONS: Final = 64
_SCRIPT: Final = Path(__file__).with_name("wrk.lua")
_MESSAGE_ID: Final = re.compile(rb'"messageId":"[^"]*"')


class Counted(msgspec.Struct, frozen=True):
    """What one run of wrk saw; times in µs."""

    requests: int
    duration_us: int
    bytes: int
    p50_us: int
    p99_us: int
    not_2xx: int
    socket: int

    @property
    def answered(self) -> int:
        return self.requests - self.not_2xx


def body_of(messages: Sequence[Message], now: int) -> bytes:
    """A batch in which every message id is its own four digits and the marker that wrk overwrites."""
    events = (
        _MESSAGE_ID.sub(b'"messageId":"%04d-%s"' % (number, MARKER), message.body, count=1)
        for number, message in enumerate(messages)
    )
    return envelope(events, iso(now // 1000))


def packed(bodies: Sequence[bytes]) -> bytes:
    """A file of several bodies, which wrk sends in turn: each after a line with its length."""
    return b"".join(b"%d\n%b" % (len(body), body) for body in bodies)


def counted(output: str) -> Counted:
    """The line that our script prints last. Raises BadOutput when it is not there."""
    for line in reversed(output.splitlines()):
        if line.startswith("{"):
            try:
                return msgspec.json.decode(line, type=Counted)
            except msgspec.MsgspecError as error:
                raise BadOutput(f"wrk printed {line!r}: {error}") from None
    raise BadOutput(f"wrk printed no line of counts; it said {output[-300:]!r}")


def wrk(
    url: str, body: Path, headers: Sequence[str], seconds: float, connections: int = CONNECTIONS
) -> Counted:
    """One run against `url`; `body` is a file of one body, or of several, `packed`."""
    program = shutil.which("wrk")
    if program is None:
        raise ProgramFailed("wrk is not installed; on Debian: apt-get install wrk")
    command = [program, "-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s", "--timeout", "10s"]
    command += ["-s", str(_SCRIPT), url, "--", str(body), MARKER.decode(), *headers]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise ProgramFailed(f"wrk ended with {done.returncode}: {done.stderr[-500:] or done.stdout[-500:]}")
    return counted(done.stdout)
