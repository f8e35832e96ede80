"""The Snowplow tracker protocol: POST tp2 with flat events of text values, GET /i with one in its query.

It knows no write key: the app id (`aid`) is taken for it, unless the address says `?writeKey=`.
"""

from base64 import urlsafe_b64decode
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final
from urllib.parse import parse_qsl

import msgspec
from msgspec import Raw, Struct

from sdk_contract.dialects import KEY_PREFIX, Answer, Headers, Outcome, Route, Sent, Translated
from sdk_contract.dialects.moving import is_list, number_in, object_in, read_members, text_in, text_of_body
from sdk_contract.dialects.places import Places, always, settle
from sdk_contract.dialects.translated import (
    PIXEL,
    Members,
    Native,
    Object,
    batch,
    each,
    encode,
    foreign,
    hashed,
    moment,
    present,
    split,
)
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
# What else stands in an event is kept by its own name.
_PLACES: Final = Places(
    {
        "url": ("page", "url"), "page": ("page", "title"), "refr": ("page", "referrer"),
        "sid": ("", "sessionId"), "lang": ("", "locale"), "tz": ("", "timezone"), "ua": ("", "userAgent"),
        "ip": ("", "ip"),
    },
    always,
    gone=(
        *("e", "eid", "uid", "dtm", "ttm", "stm", "res", "tv", "aid", "duid"),
        *("co", "cx", "ue_pr", "ue_px", "se_ac", "se_va", *_STRUCTURED, *_ORDER, *_AMOUNTS, *_PING),
    ),
)  # fmt: skip
_VALUE: Final = {"se_va": "value"}
_FIRST_PARTY: Final = "duid"
_DEVICES: Final = (_FIRST_PARTY, "nuid", "tnuid", "sid")
_MOBILE: Final = ("mob", "tab")
_LONGEST_TIME, _LONGEST_SIZE = 18, 24


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


class _View(Struct, gc=False):
    name: str | None = None


_decode_contexts = msgspec.json.Decoder(_Contexts).decode
_decode_wrapped = msgspec.json.Decoder(_Wrapped).decode
_KNOWN: Final[Mapping[str, msgspec.json.Decoder[Any]]] = {
    "client_session": msgspec.json.Decoder(_Session),
    "mobile_context": msgspec.json.Decoder(_Mobile),
    "application": msgspec.json.Decoder(_Application),
    "screen_view": msgspec.json.Decoder(_View),
}
_NO_SESSION: Final = _Session()


def find_key(headers: Headers, query: bytes, body_key: str | None) -> str | None:
    """Finds the write key: `writeKey` of the address, else the app id."""
    if b"writeKey=" not in query:
        return body_key or None
    return dict(parse_qsl(query.decode("latin-1"))).get("writeKey") or body_key or None


def translate(sent: Sent) -> Translated:
    """Gives the request as native events; raises Refused(BAD_ENVELOPE) for what is no payload."""
    anonymous = b"sp-anonymous" in sent.headers
    if sent.kind == _PIXEL:
        asked = Raw(encode(dict(parse_qsl(sent.body.decode("utf-8", "replace"), keep_blank_values=True))))
        return _batch([asked], anonymous)
    data = bytes(object_in(text_of_body(sent)).get("data", b""))
    if not is_list(data):
        raise Refused(Reason.BAD_ENVELOPE, 'no events; {"schema": …, "data": [events]} would do')
    return _batch(split(data), anonymous)


def reply(kind: str, query: bytes, ids: Sequence[str], judgements: Sequence[Judgement]) -> Answer:
    """An image for the pixel."""
    return PIXEL if kind == _PIXEL else _ANSWERS[Outcome.ACCEPTED]


def _batch(events: Sequence[Raw], anonymous: bool) -> Translated:
    """The key is that of the first event that has one; a text that is JSON within JSON may be none."""
    keys: list[str] = []

    def native(raw: Raw) -> Native:
        flat = read_members(raw)
        if not keys and (key := text_in(flat.get("aid"))):
            keys.append(key)
        return _native(flat, raw)

    found = batch(each(events, native), key=keys[0] if keys else None)
    return msgspec.structs.replace(found, anonymous=anonymous)


def _native(flat: Members, raw: Raw) -> Native:
    own: Members = {}
    context: Object = settle(flat, _PLACES, own)[1]
    entities = _entities(flat)
    session = _known(entities, "client_session", _NO_SESSION)
    message_id, user_id = present(flat.get("eid")) or hashed(bytes(raw)), present(flat.get("uid"))
    event = Native(
        "track",
        message_id=message_id,
        user_id=user_id,
        anonymous_id=_device_id(flat, session) or (None if user_id else _nobody(message_id)),
        timestamp=_time(flat.get("ttm")) or _time(flat.get("dtm")),
        sent_at=_time(flat.get("stm")),
    )
    _WHAT.get(text_in(flat.get("e")), _other)(event, flat)
    _tell(context, flat, entities)
    if session.session_id and "sessionId" not in context:
        context["sessionId"] = session.session_id
    if own := {name: value for name, value in own.items() if present(value) is not None}:
        context["snowplow"] = own
    if entities:
        context["snowplow"] = {**own, "entities": entities}
    event.properties, event.context = event.properties or None, context
    return event


def _device_id(flat: Members, session: _Session) -> str | Raw | None:
    """The device; a tracker that is to tell of none tells of a session at most."""
    for name in _DEVICES:
        if found := present(flat.get(name)):
            return found
        if name == _FIRST_PARTY and session.user_id:
            return session.user_id
    return None


def _nobody(message_id: str | Raw) -> str:
    """The id of a device of which nothing is known: it sent this event."""
    return f"anonymous-{message_id if isinstance(message_id, str) else text_in(message_id)}"


def _page_view(event: Native, flat: Members) -> None:
    event.type, event.name = "page", present(flat.get("page"))


def _page_ping(event: Native, flat: Members) -> None:
    event.event = "page_ping"
    event.properties = _numbers(flat, _PING)


def _structured(event: Native, flat: Members) -> None:
    event.event = present(flat.get("se_ac"))
    event.properties = _texts(flat, _STRUCTURED) | _numbers(flat, _VALUE)


def _order(event: Native, flat: Members) -> None:
    event.event = "transaction" if text_in(flat["e"]) == "tr" else "transaction_item"
    event.properties = _texts(flat, _ORDER) | _numbers(flat, _AMOUNTS)


def _self_described(event: Native, flat: Members) -> None:
    text = _json_of(flat, "ue_pr", "ue_px")
    if text is None:
        return
    said = _decode_wrapped(text).data
    event.event = _name_of(said.schema)
    event.properties = said.data if bytes(said.data).startswith(b"{") else None
    if event.event == "screen_view" and event.properties is not None:
        view = _known({event.event: said.data}, event.event, _View())
        event.type, event.event, event.name = "screen", None, view.name


def _other(event: Native, flat: Members) -> None:
    """An event of an unknown kind has no name, for which it is refused, and kept."""


_WHAT: Final[Mapping[str, Callable[[Native, Members], None]]] = {
    "pv": _page_view, "pp": _page_ping, "se": _structured, "tr": _order, "ti": _order, "ue": _self_described
}  # fmt: skip


def _tell(context: Object, flat: Members, entities: Mapping[str, Raw]) -> None:
    """Puts into the context what has its place there, but not as it was sent."""
    if library := _library(text_in(flat.get("tv"))):
        context["library"] = library
    if app := _app(text_in(flat.get("aid")), entities):
        context["app"] = app
    if screen := _screen(text_in(flat.get("res"))):
        context["screen"] = screen
    platform = text_in(flat.get("p"))
    if platform in _MOBILE or "mobile_context" in entities:
        context |= _device(platform, entities)


def _library(tracker: str) -> Object | None:
    name, _, version = tracker.rpartition("-")
    return {"name": f"snowplow-{name}", "version": version} if name else None


def _screen(text: str) -> Object | None:
    width, cross, height = text.partition("x")
    if not (cross and width.isdecimal() and height.isdecimal()) or len(text) > _LONGEST_SIZE:
        return None
    return {"width": int(width), "height": int(height)}


def _app(name: str, entities: Mapping[str, Raw]) -> Object:
    """The app, unless its id is a write key, which names none."""
    found: Object = {} if not name or name.startswith(KEY_PREFIX) else {"name": name}
    if "application" in entities:
        app = _known(entities, "application", _Application())
        found |= _told(version=app.version, build=app.build)
    return found


def _device(platform: str, entities: Mapping[str, Raw]) -> Object:
    """What a mobile tracker says of its device; a browser's user agent says the rest later."""
    mobile = _known(entities, "mobile_context", _Mobile())
    device = _told(
        type="tablet" if platform == "tab" else "mobile",
        model=mobile.device_model,
        manufacturer=mobile.device_manufacturer,
        advertisingId=mobile.apple_idfa or mobile.android_idfa,
    )
    return {"device": device, "os": _told(name=mobile.os_type, version=mobile.os_version)}


def _told(**values: str | None) -> Object:
    return {name: value for name, value in values.items() if value}


def _entities(flat: Members) -> dict[str, Raw]:
    """The contexts by the name in their schema; of several with one name the last, as JSON text."""
    text = _json_of(flat, "co", "cx")
    return {} if text is None else {_name_of(one.schema): one.data for one in _decode_contexts(text).data}


def _json_of(flat: Members, plain: str, packed: str) -> bytes | str | None:
    if text := text_in(flat.get(plain)):
        return text
    if not (text := text_in(flat.get(packed))):
        return None
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _name_of(schema: str) -> str:
    """`iglu:com.acme/user/jsonschema/1-0-0` is about `user`."""
    _, slash, rest = schema.partition("/")
    return rest.partition("/")[0] if slash else schema


def _known(entities: Mapping[str, Raw], name: str, absent: Any) -> Any:
    if name not in entities:
        return absent
    try:
        return _KNOWN[name].decode(entities[name])
    except msgspec.DecodeError:
        return absent


def _texts(flat: Members, names: Mapping[str, str]) -> Object:
    return {name: text for key, name in names.items() if (text := present(flat.get(key))) is not None}


def _numbers(flat: Members, names: Mapping[str, str]) -> Object:
    return {name: value for key, name in names.items() if (value := _number(flat.get(key))) is not None}


def _number(raw: Raw | None) -> int | float | None:
    """A number, also one that is a text."""
    return None if raw is None else number_in(Raw(bytes(raw).strip(b'"')))


def _time(raw: Raw | None) -> str | int | None:
    """Milliseconds since 1970, as digits in a text."""
    digits = b"" if raw is None else bytes(raw).strip(b'"')
    return moment(int(digits)) if digits.isdigit() and len(digits) < _LONGEST_TIME else None


SNOWPLOW: Final = foreign(
    "snowplow",
    (Route("POST", "/com.snowplowanalytics.snowplow/tp2", _POST), Route("GET", "/i", _PIXEL)),
    answers=_ANSWERS,
    resends=True,
    find_key=find_key,
    translate=translate,
    reply=reply,
)
