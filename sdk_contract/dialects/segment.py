"""The Segment protocol, which is also Sojourn's own: /v1/batch, /v1/track … and their one-letter forms."""

from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Final
from urllib.parse import parse_qs

import msgspec
from msgspec import Raw, Struct

from sdk_contract.canonical import Whole
from sdk_contract.dialects import Answer, Config, Dialect, Outcome, Parsed, Read, Route, Visit, outcome_of
from sdk_contract.errors import Refused
from sdk_contract.structure import Broken, elements, members
from sdk_contract.verdicts import Judgement, Reason, Verdict

BATCH: Final = "batch"
SINGLE: Final = ("track", "page", "screen", "identify", "group", "alias")
_ROUTES: Final = tuple(
    Route("POST", f"/v1/{path}", kind)
    for path, kind in (
        *((path, BATCH) for path in ("batch", "b", "import")),
        *((kind, kind) for kind in SINGLE),
        *((kind[0], kind) for kind in SINGLE),
    )
)
# Its SDKs wait as Retry-After says on 429 alone, and give up after a few 503.
_STATUS: Final = {Reason.BUSY: 429}
_NO_RAW = Raw()
_SEALED: Final = b'"sj:seal:'


class _Envelope(Struct, gc=False):
    batch: list[Raw]
    write_key: Raw = msgspec.field(default=_NO_RAW, name="writeKey")
    sent_at: Raw = msgspec.field(default=_NO_RAW, name="sentAt")
    context: Raw = _NO_RAW


class _WholeEnvelope(_Envelope, gc=False):
    batch: list[Whole]  # type: ignore[assignment]  # the same events, decoded


class _Single(Struct, gc=False):
    write_key: Raw = msgspec.field(default=_NO_RAW, name="writeKey")
    sent_at: Raw = msgspec.field(default=_NO_RAW, name="sentAt")


class _Entry(Struct, gc=False, omit_defaults=True):
    index: int
    message_id: str
    verdict: str = msgspec.field(default="")
    reason: str | None = None
    pointer: str | None = None
    expected: str | None = None


class _Reply(Struct, gc=False):
    success: bool
    accepted: int
    rejected: int
    verdicts: list[_Entry]


_decode_envelope = msgspec.json.Decoder(_Envelope).decode
_decode_whole_envelope = msgspec.json.Decoder(_WholeEnvelope).decode
_decode_whole = msgspec.json.Decoder(Whole).decode
_decode_single = msgspec.json.Decoder(_Single).decode
_decode = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder().encode


def find_key(headers: Mapping[bytes, bytes], query: bytes, body_key: str | None) -> str | None:
    """Finds the write key: user name of Basic auth, else `writeKey` of the query, else of the body."""
    authorization = headers.get(b"authorization")
    if authorization and (key := _basic_user(authorization)):
        return key
    if b"writeKey=" in query and (values := parse_qs(query.decode("latin-1")).get("writeKey")):
        return values[0]
    return body_key or None


def parse(kind: str, body: bytes) -> Parsed:
    """Splits a request into its events, `kind` as in the routes; raises Refused(BAD_ENVELOPE).

    An event that is no proper JSON stays with the others as it was sent, as long as its end can be found.
    """
    return _parse_batch(body) if kind == BATCH else _parse_single(body)


def read(kind: str, body: bytes) -> Read | None:
    """Reads a request of ordinary events in one go; None where an event needs to be looked at by itself."""
    try:
        if kind != BATCH:
            return Read([_decode_whole(body)], None)
        envelope = _decode_whole_envelope(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return Read(envelope.batch, _text(envelope.sent_at), _object(envelope.context))


def write(kind: str, parsed: Parsed) -> bytes:
    """Writes a body of these events, each as it is, even where it is no JSON; `parse` reads it as sent.

    An event may be one JSON string: what could not be read, sealed.
    """
    if kind != BATCH:
        return bytes(parsed.events[0])
    pieces = [b'{"batch":[', b",".join(bytes(event) for event in parsed.events), b"]"]
    if parsed.sent_at is not None:
        pieces += (b',"sentAt":', _encode(parsed.sent_at))
    if parsed.context is not None:
        pieces += (b',"context":', bytes(parsed.context))
    return b"".join((*pieces, b"}"))


def reply(
    kind: str, query: bytes, message_ids: Sequence[str], judgements: Sequence[Judgement] = ()
) -> Answer:
    """The answer to an accepted request: one verdict an event, in order.

    What is filtered counts neither as accepted nor as rejected.
    """
    entries = [_Entry(index, message_id, "ok") for index, message_id in enumerate(message_ids)]
    if not judgements:
        return Answer(200, _encode(_Reply(True, len(entries), 0, entries)))
    counts = dict.fromkeys(Verdict, 0)
    for judged in judgements:
        entries[judged.index] = _entry(judged, message_ids[judged.index])
        counts[judged.verdict] += 1
    rejected = counts[Verdict.REJECTED]
    accepted = len(entries) - rejected - counts[Verdict.FILTERED]
    return Answer(200, _encode(_Reply(True, accepted, rejected, entries)))


def refusal(reason: Reason, detail: str = "") -> Answer:
    """Gives the answer to a refused request; `detail` says more than the reason's own text."""
    return Answer(_STATUS.get(reason, reason.status), _refusal_body(reason, detail or reason.text))


def configure(visit: Visit) -> Answer:
    """What an SDK is told before it sends: to send here, its events and nothing else."""
    scheme, _, host = visit.origin.partition("://")
    here = {"apiKey": visit.params["key"], "apiHost": f"{host}/v1", "protocol": scheme}
    plan = {"track": {"__default": {"enabled": True}}}
    return Answer(
        200, _encode({"integrations": {"Segment.io": here}, "plan": plan, "metrics": {"sampleRate": 0}})
    )


def ignore(visit: Visit) -> Answer:
    """The answer to what an SDK tells of itself."""
    return Answer(200, b'{"success":true}')


def _entry(judged: Judgement, message_id: str) -> _Entry:
    reason = judged.reason.value if judged.reason else None
    return _Entry(judged.index, message_id, judged.verdict.value, reason, judged.pointer, judged.expected)


def _refusal_body(reason: Reason, text: str) -> bytes:
    """Python SDKs look for `code` and `message`; RudderStack's tries again where they are missing."""
    told = {"reason": reason.value, "error": text, "code": reason.value, "message": text}
    return _encode({"success": False, **told})


@lru_cache(maxsize=4096)
def _basic_user(authorization: bytes) -> str | None:
    scheme, _, credentials = authorization.strip().partition(b" ")
    if scheme.lower() != b"basic":
        return None
    try:
        return b64decode(credentials).partition(b":")[0].decode() or None
    except (NotBase64, UnicodeDecodeError):
        return None


def _parse_batch(body: bytes) -> Parsed:
    try:
        envelope = _decode_envelope(body)
    except msgspec.ValidationError as error:
        raise Refused(Reason.BAD_ENVELOPE, f'{error}; {{"batch": [events]}} would do') from None
    except (msgspec.DecodeError, RecursionError) as error:
        return _parse_unsound_batch(body, error)
    return Parsed(
        _text(envelope.write_key),
        _text(envelope.sent_at),
        envelope.batch,
        _object(envelope.context),
        _is_sound(body),
    )


def _parse_unsound_batch(body: bytes, error: Exception) -> Parsed:
    try:
        parts = members(body)
        batch = [Raw(event) for event in elements(parts.get(b'"batch"', b""))]
    except Broken:
        raise Refused(Reason.BAD_ENVELOPE, f'{error}; {{"batch": [events]}} would do') from None
    context = parts.get(b'"context"', b"")
    return Parsed(_text(parts.get(b'"writeKey"')), _text(parts.get(b'"sentAt"')), batch, _object(context))


def _parse_single(body: bytes) -> Parsed:
    if body.startswith(_SEALED):  # no SDK sends this: it is an event that the door could not read
        return Parsed(None, None, [Raw(body)])
    try:
        single = _decode_single(body)
    except msgspec.ValidationError as error:
        raise Refused(Reason.BAD_ENVELOPE, f"{error}; one event as an object would do") from None
    except (msgspec.DecodeError, RecursionError) as error:
        return _parse_unsound_single(body, error)
    return Parsed(_text(single.write_key), _text(single.sent_at), [Raw(body)], None, _is_sound(body))


def _parse_unsound_single(body: bytes, error: Exception) -> Parsed:
    try:
        parts = members(body)
    except Broken:
        raise Refused(Reason.BAD_ENVELOPE, f"{error}; one event as an object would do") from None
    return Parsed(_text(parts.get(b'"writeKey"')), _text(parts.get(b'"sentAt"')), [Raw(body)])


def _is_sound(body: bytes) -> bool:
    if not body.isascii():
        try:
            body.decode()
        except UnicodeDecodeError:
            return False
    return b"\\" not in body or b"\\u0000" not in body


def _text(raw: Raw | bytes | None) -> str | None:
    """Reads a text or number that is only of use when it is one; anything else counts as absent."""
    if not raw:
        return None
    try:
        value: Any = _decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return str(value) if type(value) in (str, int) and value != "" else None


def _object(raw: Raw | bytes) -> Raw | None:
    return Raw(text) if raw and (text := bytes(raw)).startswith(b"{") else None


SEGMENT: Final = Dialect(
    name="segment",
    routes=_ROUTES,
    answers={Outcome.ACCEPTED: Answer(200, b'{"success":true}')}
    | {outcome_of(reason): refusal(reason) for reason in reversed(Reason) if reason.status != 200},
    resends=True,
    find_key=find_key,
    parse=parse,
    read=read,
    write=write,
    reply=reply,
    refusal=refusal,
    configs=(
        *(Config("GET", f"{path}/projects/{{key}}/settings", configure) for path in ("/v1", "")),
        Config("POST", "/v1/m", ignore),
    ),
)
