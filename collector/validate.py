"""`POST /v1/validate`: what would become of events, by the very path that keeps them; nothing is stored."""

from typing import Any, Final

import msgspec
from msgspec import Raw

from sdk_contract.dialects import Answer, Dialect
from warehouse.segments import RecordHead

VALIDATE: Final = "validate"
PATH: Final = "/v1/validate"
BATCH: Final = "batch"
_SINGLE: Final = "event"


class _Envelope(msgspec.Struct):
    batch: Raw = Raw()


_decode = msgspec.json.Decoder(_Envelope).decode
_encode = msgspec.json.Encoder().encode


def kind_of(body: bytes) -> str:
    """How the body is to be read: as a batch where it has a field `batch`, else as one event."""
    try:
        return BATCH if bytes(_decode(body).batch) else _SINGLE
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return BATCH if b'"batch"' in body[:1024] else _SINGLE


def validation(dialect: Dialect, reply: bytes, head: RecordHead, body: bytes, query: bytes) -> Answer:
    """The reply that the events would get, the rules they were judged by, and what would be kept, if asked.

    `?show=stored` asks; an event that is no JSON is shown as text.
    """
    answer: dict[str, Any] = msgspec.json.decode(reply)
    answer |= {"stored": False, "plan": head.plan_version, "privacy": head.privacy}
    if b"show=stored" in query.split(b"&"):
        answer["events"] = [_shown(raw) for raw in dialect.parse(head.kind, body).events]
    return Answer(200, _encode(answer))


def _shown(raw: Raw) -> Any:
    try:
        return msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return bytes(raw).decode(errors="backslashreplace")
