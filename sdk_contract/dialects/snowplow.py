"""The Snowplow tracker protocol: POST tp2 with flat events of text values, GET /i with one in its query.

It knows no write key: the app id (`aid`) is taken for it, unless the address says `?writeKey=`.
"""

from base64 import urlsafe_b64decode
from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import parse_qsl

import msgspec
from msgspec import Raw, Struct

from sdk_contract.bodies import unpack
from sdk_contract.dialects import KEY_PREFIX, Answer, Headers, Outcome, Route, Sent, Translated
from sdk_contract.dialects.translated import PIXEL, Native, Object, batch, encode, foreign, hashed
from sdk_contract.errors import Refused
from sdk_contract.verdicts import Judgement, Reason

_POST, _PIXEL = "tp2", "pixel"
# Its trackers drop an event on 400 and 401, and send it again for ever on 413.
_ANSWERS: Final = {
    Outcome.ACCEPTED: Answer(200, b"ok", b"text/plain"),
    Outcome.BAD_ENVELOPE: Answer(400, b"not a Snowplow payload", b"text/plain"),
    Outcome.UNKNOWN_KEY: Answer(401, b"the app id is no write key", b"text/plain"),
    Outcome.SLOW_BODY: Answer(408, b"slow", b"text/plain"),
    Outcome.TOO_LARGE: Answer(400, b"too large", b"text/plain"),
    Outcome.OVER_QUOTA: Answer(429, b"over quota", b"text/plain"),
    Outcome.OVERLOADED: Answer(503, b"overloaded", b"text/plain"),
    Outcome.BUSY: Answer(503, b"busy", b"text/plain"),
    Outcome.DRAINING: Answer(503, b"draining", b"text/plain"),
}
_STRUCTURED: Final = {"se_ca": "category", "se_la": "label", "se_pr": "property"}
_ORDER: Final = {
    "tr_id": "order_id", "tr_af": "affiliation", "tr_cu": "currency", "tr_ci": "city", "tr_st": "state",
    "tr_co": "country", "ti_id": "order_id", "ti_sk": "sku", "ti_nm": "name", "ti_ca": "category",
    "ti_cu": "currency",
}  # fmt: skip
_AMOUNTS: Final = {
    "tr_tt": "revenue", "tr_tx": "tax", "tr_sh": "shipping", "ti_pr": "price", "ti_qu": "quantity"
}  # fmt: skip
_PING: Final = {"pp_mix": "min_x", "pp_max": "max_x", "pp_miy": "min_y", "pp_may": "max_y"}
_PLACED: Final = frozenset(
    {
        *("e", "eid", "uid", "dtm", "ttm", "stm", "url", "page", "refr", "lang", "tz", "res", "ua", "ip"),
        *("tv", "aid", "sid", "duid", "co", "cx", "ue_pr", "ue_px", "se_ac", "se_va"),
        *(*_STRUCTURED, *_ORDER, *_AMOUNTS, *_PING),
    }
)
_MOBILE: Final = ("mob", "tab")


class _Payload(Struct, gc=False):
    data: list[Raw]


class _Described(Struct, gc=False):
    schema: str = ""
    data: Raw = Raw()


class _Contexts(Struct, gc=False):
    data: list[_Described]


class _Wrapped(Struct, gc=False):
    data: _Described


class _Session(Struct, rename="camel", gc=False):
    user_id: str | None = None
    session_id: str | None = None


class _Mobile(Struct, rename="camel", gc=False):
    os_type: str | None = None
    os_version: str | None = None
    device_manufacturer: str | None = None
    device_model: str | None = None
    apple_idfa: str | None = None
    android_idfa: str | None = None


class _Application(Struct, gc=False):
    version: str | None = None
    build: str | None = None


class _Page(Struct, gc=False):
    id: str | None = None


class _View(Struct, gc=False):
    name: str | None = None


_decode_payload = msgspec.json.Decoder(_Payload).decode
_decode_event = msgspec.json.Decoder(dict[str, Any]).decode
_decode_contexts = msgspec.json.Decoder(_Contexts).decode
_decode_wrapped = msgspec.json.Decoder(_Wrapped).decode
_KNOWN: Final[Mapping[str, msgspec.json.Decoder[Any]]] = {
    "client_session": msgspec.json.Decoder(_Session),
    "mobile_context": msgspec.json.Decoder(_Mobile),
    "application": msgspec.json.Decoder(_Application),
    "web_page": msgspec.json.Decoder(_Page),
    "screen_view": msgspec.json.Decoder(_View),
}
# A ValueError: no UTF-8, or no base64.
_UNREADABLE: Final = (msgspec.DecodeError, ValueError, RecursionError)


def find_key(headers: Headers, query: bytes, body_key: str | None) -> str | None:
    """Finds the write key: `writeKey` of the address, else the app id."""
    if b"writeKey=" not in query:
        return body_key or None
    return dict(parse_qsl(query.decode("latin-1"))).get("writeKey") or body_key or None


def translate(sent: Sent) -> Translated:
    """Gives the request as native events; raises Refused(BAD_ENVELOPE) for what is no payload."""
    anonymous = b"sp-anonymous" in sent.headers
    if sent.kind == _PIXEL:
        asked = dict(parse_qsl(sent.body.decode("utf-8", "replace"), keep_blank_values=True))
        return _batch([_event(asked, encode(asked))], asked.get("aid"), anonymous)
    body = unpack(sent.body, "", sent.limit)
    try:
        sent_events = _decode_payload(body).data
    except _UNREADABLE as error:
        raise Refused(Reason.BAD_ENVELOPE, f'{error}; {{"schema": …, "data": [events]}} would do') from None
    events: list[Native | Raw] = []
    key: str | None = None
    for raw in sent_events:
        try:
            flat = _decode_event(raw)
        except _UNREADABLE:
            events.append(raw)
        else:
            key = key or _text(flat.get("aid"))
            events.append(_event(flat, raw))
    return _batch(events, key, anonymous)


def reply(kind: str, query: bytes, ids: Sequence[str], judgements: Sequence[Judgement]) -> Answer:
    """An image for the pixel."""
    return PIXEL if kind == _PIXEL else _ANSWERS[Outcome.ACCEPTED]


def _batch(events: Sequence[Native | Raw], key: str | None, anonymous: bool) -> Translated:
    return msgspec.structs.replace(batch(events, key=key), anonymous=anonymous)


def _event(flat: Mapping[str, Any], raw: bytes | Raw) -> Native | Raw:
    """The event, or its text where what is JSON within its JSON is none."""
    try:
        return _native(flat, raw)
    except _UNREADABLE:
        return Raw(raw)


def _native(flat: Mapping[str, Any], raw: bytes | Raw) -> Native:
    entities = _entities(flat)
    session = _known(entities, "client_session", _Session())
    message_id, user_id = _text(flat.get("eid")) or hashed(bytes(raw)), _text(flat.get("uid"))
    event = Native(
        "track",
        message_id=message_id,
        user_id=user_id,
        anonymous_id=_device_id(flat, session) or (None if user_id else f"anonymous-{message_id}"),
        timestamp=_whole(flat.get("ttm")) or _whole(flat.get("dtm")),
        sent_at=_whole(flat.get("stm")),
        context=_context(flat, entities, session),
    )
    _WHAT.get(_text(flat.get("e")) or "", _other)(event, flat)
    if event.properties is not None and not event.properties:
        event.properties = None
    return event


def _device_id(flat: Mapping[str, Any], session: _Session) -> str | None:
    """The device; a tracker that is to tell of none tells of a session at most."""
    ids = (flat.get("duid"), session.user_id, flat.get("nuid"), flat.get("tnuid"), flat.get("sid"))
    return next(filter(None, map(_text, ids)), None)


def _page_view(event: Native, flat: Mapping[str, Any]) -> None:
    event.type, event.name = "page", _text(flat.get("page"))


def _page_ping(event: Native, flat: Mapping[str, Any]) -> None:
    event.event = "page_ping"
    event.properties = _numbers(flat, _PING)


def _structured(event: Native, flat: Mapping[str, Any]) -> None:
    value = _number(flat.get("se_va"))
    event.event = _text(flat.get("se_ac"))
    event.properties = _texts(flat, _STRUCTURED) | ({} if value is None else {"value": value})


def _order(event: Native, flat: Mapping[str, Any]) -> None:
    event.event = "transaction" if flat.get("e") == "tr" else "transaction_item"
    event.properties = _texts(flat, _ORDER) | _numbers(flat, _AMOUNTS)


def _self_described(event: Native, flat: Mapping[str, Any]) -> None:
    text = _json_of(flat, "ue_pr", "ue_px")
    if text is None:
        return
    said = _decode_wrapped(text).data
    event.event = _name_of(said.schema)
    event.properties = said.data if bytes(said.data).startswith(b"{") else None
    if event.event == "screen_view" and event.properties is not None:
        view = _known({event.event: said.data}, event.event, _View())
        event.type, event.event, event.name = "screen", None, view.name


def _other(event: Native, flat: Mapping[str, Any]) -> None:
    """An event of an unknown kind has no name, for which it is refused, and kept."""


_WHAT: Final = {
    "pv": _page_view, "pp": _page_ping, "se": _structured, "tr": _order, "ti": _order, "ue": _self_described
}  # fmt: skip


def _context(flat: Mapping[str, Any], entities: Mapping[str, Raw], session: _Session) -> Object:
    name, _, version = (_text(flat.get("tv")) or "").rpartition("-")
    own = {key: value for key, value in flat.items() if key not in _PLACED and value not in ("", None)}
    if entities:
        own["entities"] = entities
    found: Object = {
        "page": _texts(flat, {"url": "url", "page": "title", "refr": "referrer"}),
        "library": {"name": f"snowplow-{name}", "version": version} if name else None,
        "app": _app(flat, entities),
        "screen": _screen(_text(flat.get("res"))),
        "locale": _text(flat.get("lang")),
        "timezone": _text(flat.get("tz")),
        "userAgent": _text(flat.get("ua")),
        "ip": _text(flat.get("ip")),
        "sessionId": _text(flat.get("sid")) or session.session_id,
        **_device(flat, entities),
        "snowplow": own,
    }
    return {key: value for key, value in found.items() if value}


def _app(flat: Mapping[str, Any], entities: Mapping[str, Raw]) -> Object:
    app, name = _known(entities, "application", _Application()), _text(flat.get("aid"))
    if name is not None and name.startswith(KEY_PREFIX):  # it names no app
        name = None
    found = {"name": name, "version": app.version, "build": app.build}
    return {key: value for key, value in found.items() if value}


def _device(flat: Mapping[str, Any], entities: Mapping[str, Raw]) -> Object:
    """What a mobile tracker says of its device; a browser's user agent says the rest later."""
    if "mobile_context" not in entities and flat.get("p") not in _MOBILE:
        return {}
    mobile = _known(entities, "mobile_context", _Mobile())
    device = {
        "type": "tablet" if flat.get("p") == "tab" else "mobile",
        "model": mobile.device_model,
        "manufacturer": mobile.device_manufacturer,
        "advertisingId": mobile.apple_idfa or mobile.android_idfa,
    }
    os = {"name": mobile.os_type, "version": mobile.os_version}
    parts = {"device": device, "os": os}
    return {
        part: {key: value for key, value in values.items() if value is not None}
        for part, values in parts.items()
    }


def _entities(flat: Mapping[str, Any]) -> dict[str, Raw]:
    """The contexts by the name in their schema; of several with one name the last, as JSON text."""
    text = _json_of(flat, "co", "cx")
    return {} if text is None else {_name_of(one.schema): one.data for one in _decode_contexts(text).data}


def _json_of(flat: Mapping[str, Any], plain: str, packed: str) -> bytes | None:
    if text := _text(flat.get(plain)):
        return text.encode()
    if not (text := _text(flat.get(packed))):
        return None
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _name_of(schema: str) -> str:
    """`iglu:com.acme/user/jsonschema/1-0-0` is about `user`."""
    parts = schema.split("/")
    return parts[1] if len(parts) > 1 else schema


def _known(entities: Mapping[str, Raw], name: str, absent: Any) -> Any:
    if name not in entities:
        return absent
    try:
        return _KNOWN[name].decode(entities[name])
    except msgspec.DecodeError:
        return absent


def _screen(text: str | None) -> Object | None:
    width, cross, height = (text or "").partition("x")
    if not (cross and width.isdecimal() and height.isdecimal()):
        return None
    return {"width": int(width), "height": int(height)}


def _texts(flat: Mapping[str, Any], names: Mapping[str, str]) -> Object:
    return {name: text for key, name in names.items() if (text := _text(flat.get(key))) is not None}


def _numbers(flat: Mapping[str, Any], names: Mapping[str, str]) -> Object:
    return {name: value for key, name in names.items() if (value := _number(flat.get(key))) is not None}


def _text(value: Any) -> str | None:
    """A text or number as text; anything else, and an empty text, counts as absent."""
    if type(value) is str:
        return value or None
    return str(value) if type(value) in (int, float) else None


def _whole(value: Any) -> int | None:
    text = _text(value)
    return int(text) if text is not None and text.isdecimal() and len(text) < 18 else None


def _number(value: Any) -> int | float | None:
    text = _text(value)
    if text is None:
        return None
    try:
        number: int | float = msgspec.json.decode(text, type=int | float)
    except msgspec.DecodeError:
        return None
    return number


SNOWPLOW: Final = foreign(
    "snowplow",
    (Route("POST", "/com.snowplowanalytics.snowplow/tp2", _POST), Route("GET", "/i", _PIXEL)),
    answers=_ANSWERS,
    resends=True,
    find_key=find_key,
    translate=translate,
    reply=reply,
)
