"""The RudderStack protocol: Segment's, but that an identify may have its traits in its context.

Most of its addresses are Segment's: a header that only its SDKs send, or `channel` in its events, tells.
"""

from typing import Final

import msgspec
from msgspec import Raw, Struct

from sdk_contract.bodies import unpack
from sdk_contract.dialects import Answer, Config, Dialect, Headers, Parsed, Route, Sent, Translated, Visit
from sdk_contract.dialects.forms import named
from sdk_contract.dialects.segment import BATCH, SEGMENT, SINGLE
from sdk_contract.dialects.shaped import typed, with_member
from sdk_contract.dialects.translated import encode, present

_ROUTES: Final = tuple(
    Route("POST", path, kind)
    for path, kind in (
        *((path, BATCH) for path in ("/v1/batch", "/beacon/v1/batch")),
        *((f"/v1/{kind}", kind) for kind in SINGLE),
    )
)
_HEADER: Final = b"anonymousid"
# Names that Segment's SDKs had before, and RudderStack's have now.
_AGENT, _NOT_AGENT = b"analytics-", b"analytics-node-next"
_CHANNEL, _IDENTIFY = b'"channel"', b'"identify"'
# At an end of a batch stands a part of an event: there is no need to look through all of it.
_NEAR: Final = 2048
_KEY_NAMES: Final = (b"writeKey",)
_NEVER: Final = "2026-01-01T00:00:00.000Z"


class _Context(Struct, gc=False):
    traits: Raw = Raw()


class _Event(Struct, gc=False):
    type: str | None = None
    traits: Raw = Raw()
    context: _Context | None = None


_decode_event = msgspec.json.Decoder(_Event).decode


def claims(headers: Headers, body: bytes) -> bool:
    """Whether a request to an address of Segment's comes from an SDK of RudderStack."""
    if _HEADER in headers:
        return True
    agent = headers.get(b"user-agent", b"")
    if not agent.startswith(_AGENT) or agent.startswith(_NOT_AGENT):
        return False
    return _CHANNEL in body[-_NEAR:] or _CHANNEL in body[:_NEAR]


def translate(sent: Sent) -> Translated:
    """Gives the events with traits where the native protocol has them, and otherwise as they are."""
    body = unpack(sent.body, "", sent.limit)
    parsed = SEGMENT.parse(sent.kind, body)
    events = parsed.events
    if sent.kind != BATCH:
        events = [typed(raw, sent.kind) for raw in events]
    if sent.kind == "identify" or _IDENTIFY in body:
        events = [_with_traits(raw) for raw in events]
    found = Parsed(None, parsed.sent_at, events, parsed.context)
    return Translated(parsed.key, SEGMENT.write(BATCH, found))


def configure(visit: Visit) -> Answer:
    """What an SDK is told before it sends: nothing but that it may, to whom it was built to."""
    key = named(visit.query, _KEY_NAMES) or SEGMENT.find_key(visit.headers, b"", None)
    off = {"enabled": False}
    source = {
        "id": "sojourn",
        "name": "Sojourn",
        "enabled": True,
        "writeKey": key,
        "workspaceId": "sojourn",
        "destinations": [],
        "config": {"statsCollection": {"errors": off, "metrics": off}},
        "dataplanes": {},
        "updatedAt": _NEVER,
    }
    return Answer(200, encode({"source": source, "updatedAt": _NEVER}))


def _with_traits(raw: Raw) -> Raw:
    if _IDENTIFY not in bytes(raw):
        return raw
    try:
        event = _decode_event(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return raw
    traits = None if event.context is None else present(event.context.traits)
    if event.type != "identify" or traits is None or present(event.traits) is not None:
        return raw
    return with_member(raw, "traits", bytes(traits))


RUDDERSTACK: Final[Dialect] = msgspec.structs.replace(
    SEGMENT,
    name="rudderstack",
    routes=_ROUTES,
    translate=translate,
    claims=claims,
    configs=(Config("GET", "/sourceConfig", configure),),
)
