"""The protocol of Sensors Analytics (神策): /sa and /sa.gif, events as base64 in forms and queries.

The write key is `token`, else `project`, of the address that the SDK is given. `$pageview` is a page,
`$AppViewScreen` and `$MPViewScreen` a screen, `track_signup` an alias of `original_id`, `track_id_bind` an
identify. What a profile is set to are traits; what else is done to it (`profile_set_once`, `profile_append`
…) is an identify without traits, and `context.sensors` has the operation. An item is a group of its type
and id (`book:p1`) under the device `$item`. A user is who logged in; all else is a device. `$`-properties
with a place in the context go there, the rest of them, `identities` and `lib` are in `context.sensors`. An
event is known by its `_track_id` together with its person, time and name, or by its content; equal ones of
one request by their order.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import msgspec
from msgspec import Raw, Struct

from sdk_contract.dialects import Answer, Config, Headers, Outcome, Route, Sent, Translated, Visit
from sdk_contract.dialects.forms import named, payload
from sdk_contract.dialects.places import Places, settle
from sdk_contract.dialects.translated import (
    PIXEL,
    Native,
    Object,
    batch,
    each,
    foreign,
    hashed,
    moment,
    present,
    split,
)
from sdk_contract.errors import Refused
from sdk_contract.queries import fields
from sdk_contract.verdicts import Judgement, Reason

_POST, _PIXEL = "sa", "pixel"
_KEY_NAMES: Final = (b"token", b"project")
_KEY_FIELDS: Final = (b"token=", b"project=")
_ENCRYPTED: Final = b"9"
# Phones delete what they sent on every status but 5xx, 403 and 404; a page sends its batch again for ever on
# every status but 2xx: what can never be taken is answered as taken, and kept aside where it can be.
_ANSWERS: Final = {
    Outcome.ACCEPTED: Answer(200, b"", b"text/plain"),
    Outcome.BAD_ENVELOPE: Answer(200, b"unreadable, kept aside", b"text/plain"),
    Outcome.UNKNOWN_KEY: Answer(403, b"neither token nor project is a write key", b"text/plain"),
    Outcome.SLOW_BODY: Answer(503, b"slow", b"text/plain"),
    Outcome.TOO_LARGE: Answer(200, b"too large, not kept", b"text/plain"),
    Outcome.OVER_QUOTA: Answer(503, b"over quota", b"text/plain"),
    Outcome.OVERLOADED: Answer(503, b"overloaded", b"text/plain"),
    Outcome.BUSY: Answer(503, b"busy", b"text/plain"),
    Outcome.DRAINING: Answer(503, b"draining", b"text/plain"),
}
_CONFIG: Final = Answer(
    200, b'{"v":"1","configs":{"disableSDK":false,"disableDebugMode":false,"autoTrackMode":-1}}'
)
_NO_RAW: Final = Raw()
_TRUE: Final = b"true"
_IS_LOGIN: Final = "$is_login_id"
_TABLE: Final = {
    "$url": ("page", "url"),
    "$url_path": ("page", "path"),
    "$url_query": ("page", "search"),
    "$title": ("page", "title"),
    "$referrer": ("page", "referrer"),
    "$utm_source": ("campaign", "source"),
    "$utm_medium": ("campaign", "medium"),
    "$utm_campaign": ("campaign", "name"),
    "$utm_term": ("campaign", "term"),
    "$utm_content": ("campaign", "content"),
    "$lib": ("library", "name"),
    "$lib_version": ("library", "version"),
    "$app_name": ("app", "name"),
    "$app_version": ("app", "version"),
    "$app_id": ("app", "namespace"),
    "$os": ("os", "name"),
    "$os_version": ("os", "version"),
    "$model": ("device", "model"),
    "$manufacturer": ("device", "manufacturer"),
    "$device_id": ("device", "id"),
    "$screen_width": ("screen", "width"),
    "$screen_height": ("screen", "height"),
    "$ip": ("", "ip"),
    "$user_agent": ("", "userAgent"),
    "$browser_language": ("", "locale"),
}
_LOGIN: Final = "$identity_login_id"
_DEVICES: Final = (
    "$identity_cookie_id",
    "$identity_anonymous_id",
    "$identity_ios_id",
    "$identity_android_id",
    "$identity_mp_id",
    "$identity_mp_openid",
)
# "Opened directly", "not to be had": what the SDKs write where there is nothing.
_NOTHING: Final = frozenset((b'""', b"null", *(f'"{text}"'.encode() for text in ("直接打开", "未取到"))))
PLACES: Final = Places(_TABLE, lambda name: name[:1] == "$", gone=(_IS_LOGIN,), nothing=_NOTHING)
_TRAITS: Final = {"$identity_email": "email", "$identity_mobile": "phone"}
# Things have no person: all stand under one device, which is none.
_THING: Final = "$item"
_TRACK: Final = "track"


class _Event(Struct, gc=False):
    type: str = ""
    event: str | None = None
    distinct_id: Raw = _NO_RAW
    login_id: Raw = _NO_RAW
    anonymous_id: Raw = _NO_RAW
    original_id: Raw = _NO_RAW
    time: Raw = _NO_RAW
    track_id: Raw = msgspec.field(default=_NO_RAW, name="_track_id")
    flush_time: Raw = msgspec.field(default=_NO_RAW, name="_flush_time")
    properties: dict[str, Raw] | None = None
    lib: dict[str, Raw] | None = None
    identities: dict[str, Raw] | None = None
    item_type: str = ""
    item_id: str | int = ""


class _Addressed(Struct, gc=False):
    token: str | None = None
    project: str | None = None


_decode_event = msgspec.json.Decoder(_Event).decode
_decode_addressed = msgspec.json.Decoder(_Addressed).decode


def find_key(headers: Headers, query: bytes, body_key: str | None) -> str | None:
    """Finds the write key: `token`, else `project`, of the address, else of the events."""
    parts = [part for part in query.split(b"&") if part.startswith(_KEY_FIELDS)]
    return named(b"&".join(parts), _KEY_NAMES) or body_key


def translate(sent: Sent) -> Translated:
    """Gives the events as native ones; raises Refused(BAD_ENVELOPE), also for what is encrypted."""
    form = fields(sent.body)
    if form.get(b"gzip") == _ENCRYPTED:
        raise Refused(Reason.BAD_ENVELOPE, "the events are encrypted (gzip=9); gzip=1 or 0 would do")
    value = form.get(b"data_list") or form.get(b"data")
    if value is None:
        raise Refused(Reason.BAD_ENVELOPE, "the form holds no events; data or data_list would do")
    events = split(payload(value, sent.limit))
    if b"dry-run" in sent.headers:  # a program being tried out, whose events are not to be kept
        events = []
    return batch(each(events, _Request().native), key=_key_of(events))


def reply(kind: str, query: bytes, ids: Sequence[str], judgements: Sequence[Judgement]) -> Answer:
    """An image for the pixel."""
    return PIXEL if kind == _PIXEL else _ANSWERS[Outcome.ACCEPTED]


def configure(visit: Visit) -> Answer:
    """What a phone is told when it asks how to behave: as it was built to."""
    return _CONFIG


def _key_of(events: Sequence[Raw]) -> str | None:
    try:
        found = _decode_addressed(events[0]) if events else _Addressed()
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return found.token or found.project


class _Request:
    """Names the events of one request: equal ones that nothing else tells apart, by their order."""

    def __init__(self) -> None:
        self._seen: Counter[str] = Counter()

    def native(self, raw: Raw) -> Native | Raw:
        """One event, or the same where its type is not known."""
        sent = _decode_event(raw)
        turn = _TURNS.get(sent.type)
        if turn is None:
            return raw
        event = Native(
            "track",
            message_id=self._name(sent, raw),
            timestamp=_time(sent.time),
            sent_at=_time(sent.flush_time),
        )
        _describe(event, sent, turn)
        return event

    def _name(self, sent: _Event, raw: Raw) -> str:
        track_id = bytes(sent.track_id)
        if track_id:
            parts = (track_id, bytes(sent.distinct_id), bytes(sent.time), str(sent.event).encode())
            return hashed(b"|".join((*parts, sent.type.encode())))
        name = hashed(bytes(raw))
        number = self._seen[name]
        self._seen[name] += 1
        return f"{name}-{number}" if number else name


def _describe(event: Native, sent: _Event, turn: Callable[[Native, _Event, Object], None]) -> None:
    context: Object = {}
    rest: Object = {} if sent.type == _TRACK else {"type": sent.type}
    if sent.type.startswith(_TRACK):
        kept, context = settle(sent.properties or {}, PLACES, rest)
        event.properties = kept or None
    if sent.lib:
        _of_library(context, rest, sent.lib)
    _whose(event, sent)
    if sent.identities:
        rest["identities"] = sent.identities
    turn(event, sent, rest)
    if rest:
        context["sensors"] = rest
    event.context = context


def _of_library(context: Object, rest: Object, lib: dict[str, Raw]) -> None:
    """What the event says of its SDK; its properties say most of it, too."""
    name, version, app = lib.pop("$lib", None), lib.pop("$lib_version", None), lib.pop("$app_version", None)
    if name is not None and "library" not in context:
        context["library"] = {"name": name, "version": version}
    if app is not None and "app" not in context:
        context["app"] = {"version": app}
    if lib:
        rest["lib"] = lib


def _whose(event: Native, sent: _Event) -> None:
    """A user who logged in, and the device; an id of which nothing is said is the device's."""
    identities, distinct = sent.identities or {}, present(sent.distinct_id)
    user = present(sent.login_id) or present(identities.get(_LOGIN, _NO_RAW))
    if user is None and sent.properties and bytes(sent.properties.get(_IS_LOGIN, _NO_RAW)) == _TRUE:
        user = distinct
    device = present(sent.anonymous_id) or _device_of(identities)
    if device is None and user is None:
        device = distinct
    event.user_id, event.anonymous_id = user, device


def _device_of(identities: Mapping[str, Raw]) -> Raw | None:
    for kind in _DEVICES:
        if kind in identities and (found := present(identities[kind])):
            return found
    return None


def _track(event: Native, sent: _Event, rest: Object) -> None:
    name, properties = sent.event, sent.properties or {}
    if name == "$pageview":
        event.type, event.name = "page", _text(properties, "$title")
    elif name in ("$AppViewScreen", "$MPViewScreen"):
        event.type = "screen"
        event.name = _text(properties, "$screen_name") or _text(properties, "$title", "$url_path")
    else:
        event.event = name


def _sign_up(event: Native, sent: _Event, rest: Object) -> None:
    """The device becomes the user's: without its id there is nothing to link."""
    if event.user_id is None:
        distinct = event.user_id = present(sent.distinct_id)
        if event.anonymous_id is distinct:
            event.anonymous_id = None
    event.previous_id = present(sent.original_id)
    event.type = "identify" if event.previous_id is None else "alias"
    rest["event"] = sent.event


def _bind(event: Native, sent: _Event, rest: Object) -> None:
    """Several ids are one person's."""
    identities = sent.identities or {}
    event.type = "identify"
    event.traits = {trait: identities[kind] for kind, trait in _TRAITS.items() if kind in identities} or None
    rest["event"] = sent.event


def _unbind(event: Native, sent: _Event, rest: Object) -> None:
    """Two ids are no longer one person's: the event must not say that they are."""
    event.event = sent.event or "$UnbindID"
    if event.user_id is not None:
        event.anonymous_id = None


def _set_profile(event: Native, sent: _Event, rest: Object) -> None:
    event.type = "identify"
    event.traits = {name.removeprefix("$"): value for name, value in _profile_of(sent).items()}


def _change_profile(event: Native, sent: _Event, rest: Object) -> None:
    """Other operations on a profile have no like among traits: they are kept beside the event."""
    event.type = "identify"
    rest[sent.type] = _profile_of(sent)


def _profile_of(sent: _Event) -> dict[str, Raw]:
    return {name: value for name, value in (sent.properties or {}).items() if name != _IS_LOGIN}


def _item(event: Native, sent: _Event, rest: Object) -> None:
    """A thing of a catalogue is like a group: it has an id and traits."""
    event.type, event.user_id, event.anonymous_id = "group", None, _THING
    event.group_id = f"{sent.item_type}:{sent.item_id}" if sent.item_id else None
    event.traits = sent.properties
    rest |= {"item_type": sent.item_type, "item_id": sent.item_id}


_TURNS: Final[Mapping[str, Callable[[Native, _Event, Object], None]]] = {
    "track": _track,
    "track_signup": _sign_up,
    "track_id_bind": _bind,
    "track_id_unbind": _unbind,
    "profile_set": _set_profile,
    **dict.fromkeys(
        ("profile_set_once", "profile_append", "profile_increment", "profile_unset", "profile_delete"),
        _change_profile,
    ),
    "item_set": _item,
    "item_delete": _item,
}


def _text(properties: Mapping[str, Raw], *names: str) -> Raw | None:
    """The first of these properties that is a text with something in it."""
    for name in names:
        if (value := properties.get(name)) is not None and bytes(value)[:1] == b'"' and len(value) > 2:
            return value
    return None


def _time(raw: Raw) -> str | int | Raw | None:
    """Milliseconds since 1970; what is no count is left to be judged."""
    digits = bytes(raw)
    return moment(int(digits)) if digits.isdigit() and len(digits) < 18 else present(raw)


SENSORS: Final = foreign(
    "sensors",
    (
        *(Route("POST", path, _POST) for path in ("/sa", "/sa.gif", "/debug")),
        *(Route("GET", path, _PIXEL) for path in ("/sa", "/sa.gif")),
    ),
    answers=_ANSWERS,
    resends=True,
    find_key=find_key,
    translate=translate,
    reply=reply,
    configs=(Config("GET", "/config/{system}.conf", configure),),
)
