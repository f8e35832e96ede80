"""The closed lists behind replies, metrics, stored rows and docs: what became of an event, and why."""

from collections.abc import Iterator
from enum import StrEnum

import msgspec


class Verdict(StrEnum):
    """What became of one event."""

    text: str

    def __new__(cls, value: str, text: str) -> "Verdict":
        member = str.__new__(cls, value)
        member._value_ = value
        member.text = text
        return member

    OK = "ok", "Stored as sent."
    WARNING = "warning", "Stored as sent, with the reason beside it."
    REJECTED = (
        "rejected",
        "Kept in `rejected` with its bytes and the reason; can be replayed after the rule is mended.",
    )
    DUPLICATE = "duplicate", "An event with this message id is stored already; only the fact is kept."
    FILTERED = "filtered", "Kept out by a choice of the project (suppression, consent, a device's quota)."
    DAMAGED = (
        "damaged",
        "Acknowledged, but its bytes were damaged on disk afterwards; counted, and kept as a row.",
    )


class Reason(StrEnum):
    """Why an event did not get a plain `ok`, or why a whole request was refused.

    `text` says what it means; `status` is the HTTP status when it refuses a whole request, else 200;
    `verdict` is the verdict an event gets for it, unless a setting softens that.
    """

    text: str
    status: int
    verdict: Verdict

    def __new__(
        cls, value: str, text: str, status: int = 200, verdict: Verdict = Verdict.REJECTED
    ) -> "Reason":
        member = str.__new__(cls, value)
        member._value_ = value
        member.text = text
        member.status = status
        member.verdict = verdict
        return member

    NOT_AN_OBJECT = "not_an_object", "The event is not a JSON object."
    UNKNOWN_TYPE = (
        "unknown_type",
        "The event's `type` is none of track, page, screen, identify, group, alias.",
    )
    MISSING_FIELD = "missing_field", "A field that this type of event needs is absent, null or empty."
    WRONG_TYPE = "wrong_type", "A field has another JSON type than the contract says."
    BAD_VALUE = (
        "bad_value",
        "A value cannot be kept: not JSON, a NUL character in an id or name, or an id too long.",
    )
    BAD_TIME = "bad_time", "A time is neither ISO 8601 nor a count since 1970."
    AMBIGUOUS_DATE = (
        "ambiguous_date",
        "Of an imported row: a date such as 03/04/2026 could be two days; the mapping says no order.",
    )
    BAD_ROW = (
        "bad_row",
        "Of an imported file: a row that cannot be read, or has not as many fields as its header.",
    )
    CONTRADICTED = (
        "contradicted",
        "Of an imported file: another row of the same id says something else and is later; it was taken.",
    )
    EVENT_TOO_LARGE = "event_too_large", "The event has more bytes than one event may have."
    TOO_DEEP = "too_deep", "Objects and lists in the event are nested deeper than is read."
    BAD_ENCODING = "bad_encoding", "The event's text is not UTF-8, or holds half of a surrogate pair."
    PLAN_VIOLATION = (
        "plan_violation",
        "The properties do not match the tracking plan's schema for this event.",
    )
    UNPLANNED_EVENT = "unplanned_event", "The tracking plan does not know this event."
    SUPPRESSED = (
        "suppressed",
        "The project asked that this person's events be kept out.",
        200,
        Verdict.FILTERED,
    )
    ERASED = (
        "erased",
        "The person was erased; of the event there is left that it was received, and in which hour.",
        200,
        Verdict.FILTERED,
    )
    CONSENT = "consent", "The person did not consent to this kind of event.", 200, Verdict.FILTERED
    DEVICE_QUOTA = (
        "device_quota",
        "The event's device has sent more than its quota for now.",
        200,
        Verdict.FILTERED,
    )
    DUPLICATE = (
        "duplicate",
        "An event with the same message id arrived before, within 7 days.",
        200,
        Verdict.DUPLICATE,
    )
    DAMAGED = (
        "damaged",
        "The journal's checksum of this event does not match its bytes.",
        200,
        Verdict.DAMAGED,
    )
    BAD_ENVELOPE = "bad_envelope", "The body is not JSON of the shape that this address takes.", 400
    BAD_COMPRESSION = "bad_compression", "The body cannot be unpacked.", 400
    UNKNOWN_KEY = "unknown_key", "There is no such write key, or it is revoked.", 401
    SLOW_BODY = "slow_body", "The body did not arrive in time.", 408
    BODY_TOO_LARGE = (
        "body_too_large",
        "The body, or what it unpacks to, has more bytes than a request may have.",
        413,
    )
    TOO_MANY_EVENTS = "too_many_events", "The batch holds more events than a request may hold.", 413
    OVER_QUOTA = (
        "over_quota",
        "The write key, or the one device in the request, has sent more than its quota for now.",
        429,
    )
    OVERLOADED = (
        "overloaded",
        "The collector cannot write: its disk is full, or too much waits to be published.",
        503,
    )
    BUSY = (
        "busy",
        "More is sent than can be taken now. 429 where a protocol's SDKs obey Retry-After on that alone.",
        503,
    )
    DRAINING = (
        "draining",
        "The collector is stopping; another one, or a later try, will take the events.",
        503,
    )
    UNPROCESSED = (
        "unprocessed",
        "A fault of Sojourn's own: the event is kept as it is, and the log says more.",
        200,
        Verdict.WARNING,
    )


class Unserved(StrEnum):
    """Why a request was answered before anybody asked for its events; nothing of it is kept."""

    text: str
    status: int

    def __new__(cls, value: str, text: str, status: int) -> "Unserved":
        member = str.__new__(cls, value)
        member._value_ = value
        member.text = text
        member.status = status
        return member

    NO_HTTP = "no_http", "What was sent is not HTTP/1.1, or not in its one sure reading.", 400
    UNKNOWN_TOKEN = "unknown_token", "The live view wants `Authorization: Bearer <live token>`.", 401
    NOT_FOUND = "not_found", "There is no such address; `exists` lists what there is.", 404
    WRONG_METHOD = "wrong_method", "The address takes another method.", 405
    SLOW_HEAD = "slow_head", "The head of the request did not arrive in time.", 408
    HEAD_TOO_LARGE = "head_too_large", "The head of the request has more bytes than it may have.", 431
    UNEXPECTED = (
        "unexpected",
        "A fault of Sojourn's own; `error` has the id under which the log tells more.",
        500,
    )


class Judgement(msgspec.Struct, array_like=True, frozen=True):
    """The verdict on event number `index` of a request; `pointer` is a JSON pointer into that event."""

    index: int
    verdict: Verdict
    reason: Reason | None = None
    pointer: str | None = None
    expected: str | None = None


class Fault(msgspec.Struct, frozen=True):
    """What is wrong with one event; `verdict` where it is not the reason's own."""

    reason: Reason
    pointer: str | None = None
    expected: str | None = None
    verdict: Verdict | None = None

    def judge(self, index: int, verdict: Verdict | None = None) -> Judgement:
        """Gives the judgement on event number `index`; a verdict given here comes before its own."""
        verdict = verdict or self.verdict or self.reason.verdict
        return Judgement(index, verdict, self.reason, self.pointer, self.expected)


def markdown() -> str:
    """Returns the text of docs/verdicts.md, made from the two lists above."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield from (
        "# Verdicts and reasons",
        "",
        "Made from `sdk_contract/verdicts.py`; a test compares the two.",
        "",
    )
    yield from ("## What became of an event", "", "| verdict | meaning |", "|---|---|")
    yield from (f"| `{verdict.value}` | {verdict.text} |" for verdict in Verdict)
    yield from ("", "## Why an event was not plainly taken", "")
    yield from ("The rest of its batch is not touched, and the answer to the request is 200.", "")
    yield from ("| reason | verdict | meaning |", "|---|---|---|")
    yield from (
        f"| `{reason.value}` | `{reason.verdict.value}` | {reason.text} |"
        for reason in Reason
        if reason.status == 200
    )
    yield from ("", "## Why a whole request was refused", "", "Nothing of it is kept.", "")
    yield from ("| reason | status | meaning |", "|---|---|---|")
    yield from (
        f"| `{reason.value}` | {reason.status} | {reason.text} |" for reason in Reason if reason.status != 200
    )
    yield from ("", "## Why a request did not come that far", "")
    yield from ("| reason | status | meaning |", "|---|---|---|")
    yield from (f"| `{one.value}` | {one.status} | {one.text} |" for one in Unserved)
