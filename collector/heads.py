"""What is read from a request's head, and how a connection knows the head of its next request again.

Who sends again over the same connection sends the same head, but for the length of the body. It need not be
parsed twice: what was read from it the first time holds as long as every other byte is the same.
"""

import re
from typing import Any, Final

from collector.wire import Lines

# A longer head is not remembered: there may be many connections.
LONGEST: Final = 4096
# A body of eight digits does not come in one piece.
_DIGITS: Final = 7
_END: Final = b"\r\n\r\n"
_NAME: Final = b"content-length"
_LENGTH: Final = re.compile(rb"\r\ncontent-length:[ \t]*([0-9]+)\r\n", re.IGNORECASE)


class Head:
    """The headers by lower-case name, in order and as a table, and the query. Requests share it as it is.

    `sender` is for who works on them, to note what follows from the head and stays.
    """

    __slots__ = ("headers", "named", "query", "sender")

    def __init__(self, headers: Lines, query: bytes) -> None:
        self.headers, self.query, self.named = headers, query, dict(headers)
        self.sender: Any = None


class Remembered:
    """A head as it stood on the wire, in two pieces: before and after the number of its Content-Length.

    `head` is what the parser read in it, without that number, `work` what is done with it.
    """

    __slots__ = ("after", "before", "head", "work")

    def __init__(self, before: bytes, after: bytes, head: Head, work: Any) -> None:
        self.before, self.after, self.head, self.work = before, after, head, work

    def body_of(self, data: bytes) -> bytes | None:
        """The body, where `data` is one whole request with this head and nothing else; else None."""
        before, after = self.before, self.after
        if not data.startswith(before):
            return None
        at = len(before)
        end = data.find(b"\r", at, at + _DIGITS + 1)
        digits = data[at:end]
        if not digits.isdigit() or not data.startswith(after, end):
            return None
        begin = end + len(after)
        return data[begin:] if int(digits) == len(data) - begin else None


def remember(data: bytes, head: Head, work: Any, longest: int) -> Remembered | None:
    """Remembers the head of `data`, in which a parser that was between requests found this head and a body.

    None where that is not all of `data`, where the head is longer than `longest` bytes, or does not say the
    length of its body in one plain line.
    """
    end = data.find(_END, 0, min(LONGEST, longest - _DIGITS)) + len(_END)
    lengths = list(_LENGTH.finditer(data, 0, end))
    if len(lengths) != 1 or [value for name, value in head.headers if name == _NAME] != [lengths[0][1]]:
        return None
    first, last = lengths[0].span(1)
    if int(data[first:last]) != len(data) - end:
        return None
    kept = [line for line in head.headers if line[0] != _NAME]
    return Remembered(data[:first], data[last:end], Head(kept, head.query), work)
