"""Treats what looks like a person's data, wherever it stands in a JSON text, before anything is written."""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from sdk_contract.errors import Refused
from sdk_contract.escapes import plain
from sdk_contract.privacy.actions import treated
from sdk_contract.privacy.emails import find_emails, linear
from sdk_contract.privacy.numbers import find_numbers
from sdk_contract.privacy.policy import Policy
from sdk_contract.privacy.vault import Vault
from sdk_contract.privacy.wide import narrow_text, narrowed
from sdk_contract.verdicts import Reason

MAX_CANDIDATES: Final = 50_000

_TOKENS: Final = linear("sj:(?:hash|enc|seal):[a-z]{1,20}:[A-Za-z0-9_-]+")
# What is put in the place of a value may stand beside other text, and look like a value together with it.
_PASSES: Final = 4
# More than the longest value has.
_BESIDE: Final = 330
_ESCAPE: Final = re.compile(r"\\u([0-9a-fA-F]{4})")
_TOKEN_LETTERS: Final = b":_-0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
_QUOTE: Final = ord('"')
_SPACE: Final = b" \t\r\n"


class Found(NamedTuple):
    """One value in a text: where, what, and whether it is a bare JSON number."""

    start: int
    end: int
    kind: str
    is_number: bool


def scrub(body: bytes, policy: Policy, vault: Vault) -> bytes:
    """Returns the JSON text with every value that a detector knows treated; keys, and broken JSON too.

    The JSON stays JSON: a number that is treated becomes a string. A dropped value becomes "" where it is a
    whole string, else `[phone]` and the like. Treating twice changes nothing. Refused(BODY_TOO_LARGE) for
    more than 50,000 candidates, which no SDK sends.
    """
    if not policy.detects:
        return body
    body = plain(body)
    for _ in range(_PASSES):
        found = find(body, policy)
        if not found:
            break
        pieces = _pieces(body, found, policy, vault)
        body = b"".join(pieces)
        if not _is_open(body, pieces, policy):
            break
    return body


def find(body: bytes, policy: Policy) -> list[Found]:
    """What there is to treat, in order; what is in a token already is not."""
    spans = sorted(_spans(body, policy), key=_order)
    if not spans:
        return []
    in_token = any(_may_be_in_token(body, span[0]) for span in spans)
    tokens = [token.span() for token in _TOKENS.finditer(body)] if in_token else []
    found: list[Found] = []
    number = InNumber(body)
    done = at = 0
    for start, end, kind in spans:
        while at < len(tokens) and tokens[at][1] <= start:
            at += 1
        if start < done or (at < len(tokens) and tokens[at][0] < end) or number.is_negative(start, end):
            continue
        found.append(Found(start, end, kind, number.holds(start, end)))
        done = end
    return found


def _may_be_in_token(body: bytes, start: int) -> bool:
    """Tells quickly that a span is in no token: within one, its letters come before."""
    before = body[start - 1 : start]
    return before in _TOKEN_LETTERS and before != b"" and body[start - 2 : start] != b'":'


def _order(span: tuple[int, int, str]) -> tuple[int, int]:
    """By place; of two that begin together the longer one comes first."""
    return span[0], -span[1]


def _spans(body: bytes, policy: Policy) -> Iterator[tuple[int, int, str]]:
    wide = narrowed(body)
    if wide is None:
        yield from _found(body, policy)
        return
    for start, end, kind in _found(wide.body, policy):
        yield wide.place(start), wide.place(end), kind


def _found(body: bytes, policy: Policy) -> Iterator[tuple[int, int, str]]:
    detect, candidates = policy.detect, 0
    treat_email = detect.get("email", "keep") != "keep"
    wanted = {kind for kind, action in detect.items() if action != "keep"}
    if treat_email:
        for start, end in find_emails(body):
            candidates = _counted(candidates)
            if end > start:
                yield start, end, "email"
    if wanted - {"email"}:
        for start, end, kind in find_numbers(body):
            candidates = _counted(candidates)
            if kind in wanted:
                yield start, end, kind


def _counted(candidates: int) -> int:
    if candidates == MAX_CANDIDATES:
        raise Refused(
            Reason.BODY_TOO_LARGE, f"more than {MAX_CANDIDATES} values to be treated in one request"
        )
    return candidates + 1


def _pieces(body: bytes, found: list[Found], policy: Policy, vault: Vault) -> list[bytes]:
    """The new text: what stays and what is new in turn."""
    pieces: list[bytes] = []
    done = 0
    for one in found:
        pieces += (body[done : one.start], _replacement(body, one, policy, vault))
        done = one.end
    return [*pieces, body[done:]]


def _is_open(body: bytes, pieces: list[bytes], policy: Policy) -> bool:
    """Tells whether something beside the new pieces looks like a value now; far from them nothing changed."""
    windows: list[tuple[int, int]] = []
    after = 0
    for number, piece in enumerate(pieces):
        begin, after = after, after + len(piece)
        if number % 2 and not _is_enclosed(body, begin, after):
            first = windows.pop()[0] if windows and begin - _BESIDE <= windows[-1][1] else begin - _BESIDE
            windows.append((max(0, first), after + _BESIDE))
    return any(find(body[first:last], policy) for first, last in windows)


def _is_enclosed(body: bytes, start: int, end: int) -> bool:
    """Tells a whole JSON string, with its quotes or without: no value reaches over a quote."""
    if end - start > 1 and body[start] == _QUOTE:
        return True
    return body[start - 1 : start] == b'"' == body[end : end + 1]


def _replacement(body: bytes, one: Found, policy: Policy, vault: Vault) -> bytes:
    text = _text(body[one.start : one.end])
    new = treated(one.kind, text, policy.detect[one.kind], vault)  # type: ignore[index]
    if one.is_number:
        return f'"{new}"'.encode()
    if not new and not is_whole_value(body, one.start, one.end):
        new = f"[{one.kind}]"
    return new.encode()


def _text(value: bytes) -> str:
    """A value without the escapes of JSON: the same text gives the same token."""
    text = value.decode("utf-8", "replace")
    text = _ESCAPE.sub(lambda found: chr(int(found[1], 16)), text) if "\\" in text else text
    return text if text.isascii() else narrow_text(text)


def is_whole_value(body: bytes, start: int, end: int) -> bool:
    """Tells whether a string is nothing but this span, and is not the key of an object."""
    if body[start - 1 : start] != b'"' or body[end : end + 1] != b'"' or body[start - 2 : start - 1] == b"\\":
        return False
    return body[end + 1 : end + 20].lstrip()[:1] != b":"


class InNumber:
    """Tells bare numbers from digits in strings, for spans in order."""

    def __init__(self, body: bytes) -> None:
        self._body = body
        self._known = 0
        self._in_string = False

    def holds(self, start: int, end: int) -> bool:
        """Tells whether the span is a whole JSON number."""
        body = self._body
        if not body[start:end].isdigit() or body[start - 1 : start] in (b'"', b"/"):
            return False
        return self._stands_alone(start, end)

    def is_negative(self, start: int, end: int) -> bool:
        """Tells whether the span is a JSON number without its minus: that is an amount, no phone number."""
        body = self._body
        if body[start - 1 : start] != b"-" or not body[start:end].isdigit():
            return False
        return self._stands_alone(start - 1, end)

    def _stands_alone(self, start: int, end: int) -> bool:
        body = self._body
        before, after = body[max(0, start - 40) : start].rstrip(_SPACE), body[end : end + 40].lstrip(_SPACE)
        if before[-1:] not in (b":", b",", b"[", b"") or after[:1] not in (b",", b"]", b"}", b""):
            return False
        self._move(start)
        return not self._in_string

    def _move(self, to: int) -> None:
        """Counts the quotes from the place that is known up to this one."""
        between = self._body[self._known : to].replace(b"\\\\", b"").replace(b'\\"', b"")
        self._in_string ^= between.count(b'"') % 2 == 1
        self._known = to
