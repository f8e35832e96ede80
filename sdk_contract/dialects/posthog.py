"""The PostHog protocol: batches, single events, protocol v1, people, and what its SDKs ask first.

`$pageview` is a page, `$screen` a screen, `$identify` and `$set` an identify, `$create_alias` an alias,
`$groupidentify` a group; all else, `$pageleave` and `$autocapture` too, is a track of its own name. What a
browser says is its user's once it says `$is_identified`, before that its device's; `distinct_id` of a server
is a user, unless it says `$process_person_profile: false`. `$set` of an identify is its traits, of another
event `context.traits`; the first of `$groups` is the group. What is set once, and every other property with a
`$`, is in `context.posthog` by its own name. Bodies may be packed with gzip, base64 or, of old pages, lz64.
"""

from re import compile as pattern
from typing import Any, Final

from msgspec import Raw, Struct

from sdk_contract.dialects import Headers, Route, Sent, Translated
from sdk_contract.dialects.moving import (
    FALSE,
    TRUE,
    first_in,
    is_list,
    members_of,
    object_in,
    quoted,
    text_in,
    text_of_body,
    time_in,
    turned,
)
from sdk_contract.dialects.places import Places, beside, settle
from sdk_contract.dialects.posthog_answers import ANSWERS, CONFIGS, reply
from sdk_contract.dialects.translated import Members, Native, batch, foreign, hashed, present, split
from sdk_contract.lzstring import decompress
from sdk_contract.queries import fields

_PLACES: Final = {
    "$current_url": ("page", "url"),
    "$pathname": ("page", "path"),
    "$referrer": ("page", "referrer"),
    "utm_source": ("campaign", "source"),
    "utm_medium": ("campaign", "medium"),
    "utm_campaign": ("campaign", "name"),
    "utm_term": ("campaign", "term"),
    "utm_content": ("campaign", "content"),
    "$device_type": ("device", "type"),
    "$device_model": ("device", "model"),
    "$device_manufacturer": ("device", "manufacturer"),
    "$os": ("os", "name"),
    "$os_version": ("os", "version"),
    "$app_name": ("app", "name"),
    "$app_version": ("app", "version"),
    "$app_build": ("app", "build"),
    "$app_namespace": ("app", "namespace"),
    "$lib": ("library", "name"),
    "$lib_version": ("library", "version"),
    "$screen_width": ("screen", "width"),
    "$screen_height": ("screen", "height"),
    "$browser_language": ("", "locale"),
    "$locale": ("", "locale"),
    "$timezone": ("", "timezone"),
    "$ip": ("", "ip"),
    "$raw_user_agent": ("", "userAgent"),
    "$useragent": ("", "userAgent"),
}
TYPES: Final = {
    "$pageview": "page",
    "$screen": "screen",
    "$identify": "identify",
    "$set": "identify",
    "$set_once": "identify",
    "$create_alias": "alias",
    "$merge_dangerously": "alias",
    "$groupidentify": "group",
}
NO_REFERRER: Final = Raw(b'"$direct"')
COOKIELESS: Final = Raw(b'"$posthog_cookieless"')
# What an SDK of a server calls a group's event by, where nobody in particular did something.
_NOBODY = pattern(r"\$.*|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_KEYS: Final = ("api_key", "token", "$token")
_LZ64: Final = b"compression=lz64"
_NEAR: Final = 256
_PYTHON: Final = Raw(b'"posthog-python"')
_WEB: Final = Raw(b'"web"')
# What the native event has, or says nothing.
_SAID: Final = frozenset(
    (
        *("event", "uuid", "distinct_id", "$distinct_id", "timestamp", "properties", "$set", "offset"),
        *("type", "batch", "sent_at", "created_at", "historical_migration", *_KEYS),
    )
)


def _is_own(name: str) -> bool:
    return name[:1] == "$"


PLACES: Final = Places(_PLACES, _is_own, gone=("distinct_id", "token"))


def find_key(headers: Headers, query: bytes, body_key: str | None) -> str | None:
    """The token: of `Authorization: Bearer`, else of the body."""
    scheme, _, token = headers.get(b"authorization", b"").strip().partition(b" ")
    if scheme.lower() == b"bearer" and token:
        return token.strip().decode("latin-1")
    return body_key or None


def claims(headers: Headers, body: bytes) -> bool:
    """Tells a request from Mixpanel's to an address of both: its object, or each of its events, says so."""
    if _is_lz64(b"", body):
        return True
    return b'"api_key"' in body or headers.get(b"user-agent", b"").lower().startswith(b"posthog")


def translate(sent: Sent) -> Translated:
    """A batch, a bare list, one event, or one change of a person."""
    text = _text_of(sent)
    outer: Members = {} if is_list(text) else object_in(text)
    if is_list(text):
        events = split(text)
    else:
        events = split(bytes(outer["batch"])) if "batch" in outer else [Raw(text)]
    reader = _Reader(_library(sent.headers), sent.kind == "engage")
    found = turned(events, reader.event)
    return batch(found, key=_key_in(outer) or reader.key, sent_at=_sent_at(sent.headers, outer))


def _text_of(sent: Sent) -> bytes:
    """The JSON text; of old SDKs it may be packed by lz-string, of which only a parameter tells."""
    if sent.body[:1] in (b"{", b"[") or not _is_lz64(sent.query, sent.body):
        return text_of_body(sent)
    return decompress(fields(sent.body).get(b"data") or sent.body, sent.limit)


def _is_lz64(query: bytes, body: bytes) -> bool:
    return _LZ64 in query or _LZ64 in body[:_NEAR] or _LZ64 in body[-_NEAR:]


class _Event(Struct, gc=False):
    """One event being read: what it is called, whose it is, PostHog's own properties, which SDK's it is."""

    native: Native
    name: str
    distinct: Raw | None
    own: Members
    library: Raw | None


class _Reader:
    """Reads the events of one request; `key` is the token that the first of them brought."""

    def __init__(self, library: Members, people: bool) -> None:
        self.library, self.people, self.key = library, people, ""

    def event(self, parts: Members, raw: Raw) -> Native:
        """One event; DecodeError where its properties are no object."""
        properties = members_of(parts.get("properties"))
        self.key = self.key or _key_in(properties) or _key_in(parts)
        distinct = present(parts.get("distinct_id") or parts.get("$distinct_id"))
        distinct = present(properties.get("distinct_id")) if distinct is None else distinct
        name = "$set" if self.people else text_in(parts.get("event"))
        own = beside(parts, _SAID)
        kept, context = settle(properties, PLACES, own)
        if self.library:
            context.setdefault("library", self.library)
        library = context.get("library", {}).get("name")
        native = Native(TYPES.get(name, "track"), properties=kept, context=context)
        native.timestamp = time_in(present(parts.get("timestamp")) or own.get("$time"))
        native.message_id = _id_of(parts, own, raw, native)
        native.traits = present(parts.get("$set") or own.pop("$set", None))
        _name(_Event(native, name, distinct, own, library), parts)
        _tell(native, own, context)
        return native


def _name(event: _Event, parts: Members) -> None:
    """Says whose the event is and what it is called, as its type has it."""
    native = event.native
    native.user_id, native.anonymous_id = _who(event)
    if "$groups" in event.own and (group := first_in(event.own["$groups"])):
        native.group_id = group
    if native.type == "track":
        native.event = parts.get("event")
    elif native.type == "screen":
        native.name = event.own.pop("$screen_name", None)
    elif native.type == "alias":
        _alias(event)
    elif native.type == "group":
        _group(event)
    elif event.name == "$identify":
        native.user_id = event.distinct
        native.anonymous_id = event.own.pop("$anon_distinct_id", None) or event.own.get("$device_id")


def _alias(event: _Event) -> None:
    """Two ids are one person: `distinct_id` is the user, but in Python's SDK it is the other."""
    native = event.native
    assert isinstance(native.properties, dict)
    other = native.properties.pop("alias", None)
    if event.library == _PYTHON:
        native.user_id, native.previous_id = other, event.distinct
    else:
        native.user_id, native.previous_id = event.distinct, other
    native.anonymous_id = None


def _group(event: _Event) -> None:
    """A group says something of itself; `distinct_id` of a server's SDK is often made up."""
    native, own = event.native, event.own
    key = own.pop("$group_key", None)
    native.group_id, native.traits = key, own.pop("$group_set", None)
    if native.user_id is not None and _NOBODY.fullmatch(text_in(event.distinct)):
        native.user_id = None
        native.anonymous_id = f"${text_in(own.get('$group_type'))}_{text_in(key)}"


def _who(event: _Event) -> tuple[Any, Any]:
    """The ids of user and device."""
    own, distinct = event.own, event.distinct
    user, device = present(own.get("$user_id")), present(own.get("$device_id"))
    identified = own.get("$is_identified")
    if distinct == COOKIELESS:  # everybody's: each event is somebody of its own then
        return None, event.native.message_id
    if identified == TRUE:
        return user or distinct, device
    if identified == FALSE or own.get("$process_person_profile") == FALSE:
        return None, distinct
    if user is not None:
        return user, device or (None if user == distinct else distinct)
    if device is None:
        return (None, distinct) if event.library == _WEB else (distinct, None)
    return (None, distinct) if device == distinct else (distinct, device)


def _id_of(parts: Members, own: Members, raw: Raw, native: Native) -> Raw | str | None:
    """The id; of an event that has only a time a hash, of one that has not even that none."""
    found = present(parts.get("uuid")) or present(own.get("$insert_id"))
    if found is not None:
        return found
    return None if native.timestamp is None else hashed(bytes(raw))


def _tell(native: Native, own: Members, context: dict[str, Any]) -> None:
    """Puts into the context what has no other place."""
    kept = native.properties
    assert isinstance(kept, dict)
    if native.type == "page" and "title" in kept:
        context.setdefault("page", {})["title"] = kept.pop("title")
    page = context.get("page")
    if page is not None and page.get("referrer") == NO_REFERRER:
        del page["referrer"]
    if native.type not in ("identify", "group") and native.traits is not None:
        context["traits"], native.traits = native.traits, None
    if own:
        context["posthog"] = own
    if not kept and native.type in ("identify", "group", "alias"):
        native.properties = None
    if not context:
        native.context = None


def _key_in(members: Members) -> str:
    for name in _KEYS:
        if name in members and (found := text_in(members[name])):
            return found
    return ""


def _library(headers: Headers) -> Members:
    """Protocol v1 names its SDK in the head of the request alone."""
    name, _, version = headers.get(b"posthog-sdk-info", b"").decode("latin-1").partition("/")
    return {"name": quoted(name), "version": quoted(version)} if name else {}


def _sent_at(headers: Headers, outer: Members) -> Raw | str | None:
    """When it was sent; Node's SDK says when it was sent first, which is of no use to set a clock by."""
    if headers.get(b"user-agent", b"").startswith(b"posthog-node"):
        return None
    if at := headers.get(b"posthog-request-timestamp"):
        return at.decode("latin-1")
    return present(outer.get("sent_at") or outer.get("created_at"))


POSTHOG: Final = foreign(
    "posthog",
    (
        *(Route("POST", path, "batch") for path in ("/batch", "/e", "/i/v0/e", "/capture", "/track")),
        *(Route("GET", path, "batch") for path in ("/e", "/capture", "/track")),
        Route("POST", "/i/v1/analytics/events", "v1"),
        *(Route(method, "/engage", "engage") for method in ("POST", "GET")),
    ),
    answers=ANSWERS,
    resends=True,
    find_key=find_key,
    translate=translate,
    reply=reply,
    claims=claims,
    configs=CONFIGS,
)
