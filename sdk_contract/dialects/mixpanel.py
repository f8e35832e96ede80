"""The Mixpanel protocol: events at `/track` and `/import`, people at `/engage`, groups at `/groups`.

`$identify` is an identify, `$create_alias` and `$merge` an alias, `$mp_web_page_view` a page; all else is a
track of its own name. A `distinct_id` that begins with `$device:` is a device, any other a user. `$set` of a
person or a group is its traits; `$append` of `$transactions`, which is how a charge is told, is a track of
that name with `revenue`. Times are seconds, with or without a fraction, or milliseconds. An event without
`$insert_id` is known by its content where it has a time and its SDK sends again, which asks for a verbose
answer, or imports. An import may have an event a line, and is told which of its events were refused.
What else has a `$` or begins with `mp_` is in `context.mixpanel` by its own name.
"""

from base64 import b64decode
from binascii import Error as NotBase64
from re import compile as pattern
from typing import Any, Final

from msgspec import Raw

from sdk_contract.dialects import Headers, Route, Sent, Translated
from sdk_contract.dialects.mixpanel_answers import ANSWERS, IMPORTED, PLAIN, VERBOSE, reply
from sdk_contract.dialects.moving import (
    lines_of,
    list_if,
    members_if,
    members_of,
    text_in,
    text_of_body,
    time_in,
    turned,
)
from sdk_contract.dialects.places import Places, beside, settle
from sdk_contract.dialects.translated import Members, Native, batch, encode, foreign, hashed, present, split

_PLACES: Final = {
    "$current_url": ("page", "url"),
    "current_url_path": ("page", "path"),
    "current_page_title": ("page", "title"),
    "current_url_search": ("page", "search"),
    "$referrer": ("page", "referrer"),
    "utm_source": ("campaign", "source"),
    "utm_medium": ("campaign", "medium"),
    "utm_campaign": ("campaign", "name"),
    "utm_term": ("campaign", "term"),
    "utm_content": ("campaign", "content"),
    "$device": ("device", "type"),
    "$model": ("device", "model"),
    "$manufacturer": ("device", "manufacturer"),
    "$os": ("os", "name"),
    "$os_version": ("os", "version"),
    "$app_version_string": ("app", "version"),
    "$app_build_number": ("app", "build"),
    "mp_lib": ("library", "name"),
    "$lib_version": ("library", "version"),
    "$screen_width": ("screen", "width"),
    "$screen_height": ("screen", "height"),
    "$user_agent": ("", "userAgent"),
    "ip": ("", "ip"),
    "$ip": ("", "ip"),
}
TYPES: Final = {
    "$mp_web_page_view": "page",
    "$identify": "identify",
    "$create_alias": "alias",
    "$merge": "alias",
}
_IMPORT: Final = "import"
CHARGE: Final = "$transactions"
_OWN: Final = ("$", "mp_")
_TWO: Final = 2
_DEVICE: Final = "$device:"
_DIRECT: Final = Raw(b'"$direct"')
_VERBOSE = pattern(rb"(?:^|&)verbose=1(?:&|$)")
# What the native event has, or says nothing.
_PARTS: Final = frozenset(("event", "properties"))
_OF_EVENT: Final = frozenset(("token", "distinct_id", "time", "$insert_id", "$user_id"))
_OF_PERSON: Final = frozenset(("$token", "$distinct_id", "$time", "$set", "$insert_id"))
_OF_GROUP: Final = frozenset((*_OF_PERSON, "$group_id"))


def _is_own(name: str) -> bool:
    return name.startswith(_OWN)


PLACES: Final = Places(_PLACES, _is_own, gone=_OF_EVENT)
PEOPLE_PLACES: Final = Places({"$ip": ("", "ip")}, gone=_OF_PERSON)


def find_key(headers: Headers, query: bytes, body_key: str | None) -> str | None:
    """The token that the events bring; an import brings a secret too, which is none."""
    return body_key or None


def translate(sent: Sent) -> Translated:
    """One or several events, in a form, in the query, or bare."""
    text = text_of_body(sent)
    verbose = any(_says_verbose(one) for one in (sent.query, sent.body))
    # Who sends an import bare, not in a form, tries again what was not answered.
    bare = sent.kind == _IMPORT and sent.body.lstrip()[:1] in (b"{", b"[")
    reader = _Reader(verbose or bare)
    read = {"people": reader.person, "groups": reader.group}.get(sent.kind, reader.event)
    found = turned(lines_of(text) or split(text), read)
    key = reader.key or _user_of(sent.headers)
    return batch(found, key=key, kind=IMPORTED if bare else VERBOSE if verbose else PLAIN)


class _Reader:
    """Reads the events of one request; `key` is the token that the first of them brought."""

    def __init__(self, resends: bool) -> None:
        self.resends, self.key = resends, ""

    def event(self, parts: Members, raw: Raw) -> Native:
        """One event; DecodeError where its properties are no object."""
        given = members_of(parts.get("properties"))
        self.key = self.key or text_in(given.get("token"))
        of_type = TYPES.get(text_in(parts.get("event")), "track")
        native = self._native(of_type, given.get("time"), given.get("$insert_id"), raw)
        native.user_id, native.anonymous_id = _who(given, given.get("distinct_id"))
        own = beside(parts, _PARTS)
        kept, context = settle(given, PLACES, own)
        if native.type == "track":
            native.event = parts.get("event")
        elif native.type != "page":
            _link(native, kept, own)
        native.properties = kept if kept or of_type in ("track", "page") else None
        _tell(native, own, context)
        return native

    def person(self, parts: Members, raw: Raw) -> Native:
        """What is done to a person."""
        self.key = self.key or text_in(parts.get("$token"))
        native = self._native("identify", parts.get("$time"), parts.get("$insert_id"), raw)
        native.user_id, native.anonymous_id = _who(parts, parts.get("$distinct_id"))
        native.traits = parts.get("$set")
        own, context = settle(parts, PEOPLE_PLACES, {})
        if CHARGE in (charges := members_if(own.get("$append"))):
            _charge(native, charges.pop(CHARGE))
            del own["$append"]
            if charges:
                own["$append"] = Raw(encode(charges))
        _tell(native, own, context)
        return native

    def group(self, parts: Members, raw: Raw) -> Native:
        """What is done to a group, by nobody in particular."""
        self.key = self.key or text_in(parts.get("$token"))
        native = self._native("group", parts.get("$time"), parts.get("$insert_id"), raw)
        native.group_id, native.traits = parts.get("$group_id"), parts.get("$set")
        native.anonymous_id = f"${text_in(parts.get('$group_key'))}_{text_in(native.group_id)}"
        _tell(native, {name: value for name, value in parts.items() if name not in _OF_GROUP}, {})
        return native

    def _native(self, of_type: str, time: Raw | None, given: Raw | None, raw: Raw) -> Native:
        message_id: Raw | str | None = present(given)
        timestamp = time_in(time)
        if message_id is None and timestamp is not None and self.resends:
            message_id = hashed(bytes(raw))
        return Native(of_type, message_id, timestamp=timestamp)


def _who(given: Members, distinct: Raw | None) -> tuple[Any, Any]:
    """The ids of user and device."""
    user, device, distinct = (
        present(given.get("$user_id")),
        present(given.get("$device_id")),
        present(distinct),
    )
    if distinct is None or user is not None:
        return user, device
    text = text_in(distinct)
    if text.startswith(_DEVICE):
        return None, device or text.removeprefix(_DEVICE)
    return (None, device) if distinct == device else (distinct, device)


def _link(native: Native, kept: Members, own: Members) -> None:
    """An identify or an alias: which ids are one person."""
    if native.type == "identify":
        native.user_id = present(own.pop("$identified_id", None)) or native.user_id
        before = own.pop("$anon_distinct_id", None) or own.pop("$anon_id", None)
        if before is not None:
            native.anonymous_id = text_in(before).removeprefix(_DEVICE)
        return
    pair = list_if(own.pop("$distinct_ids", None))
    if len(pair) == _TWO:
        native.user_id, native.previous_id = pair
    else:
        native.previous_id = text_in(kept.pop("alias", None)).removeprefix(_DEVICE)
    native.anonymous_id = None


def _charge(native: Native, charge: Raw) -> None:
    """A charge is what somebody did, not what they are."""
    said = members_if(charge)
    if "$time" in said:
        native.timestamp = time_in(said.pop("$time"))
    revenue = said.pop("$amount", None)
    native.type, native.event = "track", CHARGE
    native.properties = said if revenue is None else {"revenue": revenue, **said}


def _tell(native: Native, own: Members, context: dict[str, Any]) -> None:
    """Puts into the context what has no other place."""
    page = context.get("page")
    if page is not None and page.get("referrer") == _DIRECT:
        del page["referrer"]
    if native.type == "track" and native.traits is not None:
        context["traits"], native.traits = native.traits, None
    if own:
        context["mixpanel"] = own
    native.context = context or None


def _says_verbose(fields: bytes) -> bool:
    return b"verbose=1" in fields and _VERBOSE.search(fields) is not None


def _user_of(headers: Headers) -> str:
    scheme, _, credentials = headers.get(b"authorization", b"").strip().partition(b" ")
    try:
        return b64decode(credentials).partition(b":")[0].decode() if scheme.lower() == b"basic" else ""
    except (NotBase64, UnicodeDecodeError):
        return ""


_PATHS: Final = (("track", "events"), ("import", _IMPORT), ("engage", "people"), ("groups", "groups"))
MIXPANEL: Final = foreign(
    "mixpanel",
    tuple(Route(method, f"/{path}", kind) for path, kind in _PATHS for method in ("POST", "GET")),
    answers=ANSWERS,
    resends=True,
    find_key=find_key,
    translate=translate,
    reply=reply,
)
