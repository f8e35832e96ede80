"""The same shop's events in each protocol, as its SDKs send them."""

from base64 import b64encode
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import quote_plus

import msgspec

from loadtest.wrk import MARKER
from sdk_contract.dialects import Sent

EVENTS: Final = 50
_LIMIT: Final = 8 << 20
_MS: Final = 1_795_290_634_782
_AT: Final = "2026-11-21T19:50:34.782Z"
_AGENT: Final = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36"
)
_URL, _PATH, _TITLE = "https://shop.example/p/17?q=tea", "/p/17", "Tea 茶"
_BOUGHT: Final[Mapping[str, Any]] = {
    "product_id": "p-17",
    "name": "Büchse 茶",
    "price": 129.5,
    "currency": "EUR",
    "quantity": 2,
    "tags": ["tea", "green"],
    "variant": {"size": "100 g", "origin": "杭州"},
}


def _sent(kind: str, body: object) -> Sent:
    return Sent(kind, b"", {}, msgspec.json.encode(body), _LIMIT)


def _segment(key: str) -> Sent:
    page = {"url": _URL, "path": _PATH, "title": _TITLE, "referrer": ""}
    context: dict[str, Any] = {
        "page": page,
        "userAgent": _AGENT,
        "locale": "de-CH",
        "timezone": "Europe/Zurich",
    }
    context |= {"library": {"name": "analytics.js", "version": "next-1.84.3"}, "campaign": {"source": "mail"}}
    event: dict[str, Any] = {
        "type": "track",
        "event": "Product Viewed",
        "anonymousId": "d-1",
        "userId": "mei",
    }
    event |= {"timestamp": _AT, "properties": _BOUGHT, "context": context, "integrations": {}}
    batch = [{**event, "messageId": _id(n)} for n in range(EVENTS)]
    return _sent("batch", {"batch": batch, "sentAt": _AT, "writeKey": key})


def _posthog(key: str) -> Sent:
    own: dict[str, Any] = {
        "token": key,
        "distinct_id": "mei",
        "$device_id": "d-1",
        "$user_id": "mei",
        "$time": _MS / 1000,
    }
    own |= {"$is_identified": True, "$current_url": _URL, "$pathname": _PATH, "$referrer": "$direct"}
    own |= {"$raw_user_agent": _AGENT, "$browser_language": "de-CH", "$timezone": "Europe/Zurich"}
    own |= {"$lib": "web", "$lib_version": "1.449.2", "utm_source": "mail", "$os": "Linux"}
    event = {"event": "Product Viewed", "timestamp": _AT, "properties": {**own, **_BOUGHT}}
    batch = [{**event, "uuid": _id(number)} for number in range(EVENTS)]
    return _sent("batch", {"api_key": key, "batch": batch, "sent_at": _AT})


def _amplitude(key: str) -> Sent:
    event: dict[str, Any] = {
        "event_type": "Product Viewed",
        "user_id": "mei",
        "device_id": "d-1",
        "time": _MS,
    }
    page = {"[Amplitude] Page URL": _URL, "[Amplitude] Page Path": _PATH, "[Amplitude] Page Title": _TITLE}
    event |= {"event_properties": {**_BOUGHT, **page, "utm_source": "mail"}, "user_agent": _AGENT}
    event |= {"language": "de-CH", "library": "amplitude-ts/2.48.1", "platform": "Web", "ip": "$remote"}
    events = [{**event, "insert_id": _id(n), "session_id": _MS, "event_id": n} for n in range(EVENTS)]
    return _sent("batch", {"api_key": key, "events": events, "client_upload_time": _AT})


def _mixpanel(key: str) -> Sent:
    own: dict[str, Any] = {
        "token": key,
        "distinct_id": "mei",
        "$user_id": "mei",
        "$device_id": "d-1",
        "time": _MS / 1000,
    }
    own |= {"$current_url": _URL, "$referrer": "$direct", "mp_lib": "web", "$lib_version": "2.83.0"}
    own |= {"$os": "Linux", "$browser": "Chrome", "$user_agent": _AGENT, "utm_source": "mail"}
    events = [
        {"event": "Product Viewed", "properties": {**own, **_BOUGHT, "$insert_id": _id(n)}}
        for n in range(EVENTS)
    ]
    form = "data=" + quote_plus(b64encode(msgspec.json.encode(events)))
    return Sent("events", b"verbose=1&ip=1", {}, form.encode(), _LIMIT)


def _rudderstack(key: str) -> Sent:
    batch = msgspec.json.decode(_segment(key).body)["batch"]
    events = [{**event, "channel": "web", "originalTimestamp": _AT} for event in batch]
    return _sent("batch", {"batch": events, "sentAt": _AT, "writeKey": key})


def _sensors(key: str) -> Sent:
    own: dict[str, Any] = {
        "$url": _URL,
        "$url_path": _PATH,
        "$title": _TITLE,
        "$referrer": "",
        "$utm_source": "mail",
    }
    own |= {"$lib": "js", "$lib_version": "1.27.11", "$is_first_day": False, "$screen_width": 1280}
    own |= {"$screen_height": 800, "$timezone_offset": -60, "$latest_referrer": ""}
    ids = {"distinct_id": "mei", "login_id": "mei", "anonymous_id": "d-1"}
    event: dict[str, Any] = {
        "type": "track",
        "event": "ProductViewed",
        **ids,
        "time": _MS,
        "_flush_time": _MS,
    }
    event |= {"identities": {"$identity_login_id": "mei", "$identity_cookie_id": "d-1"}}
    event |= {"lib": {"$lib": "js", "$lib_method": "code", "$lib_version": "1.27.11"}}
    events = [{**event, "properties": {**own, **_BOUGHT}, "_track_id": n} for n in range(EVENTS)]
    form = "gzip=0&data_list=" + quote_plus(b64encode(msgspec.json.encode(events)))
    return Sent("sa", b"project=shop&token=" + key.encode(), {}, form.encode(), _LIMIT)


def _clickstream(key: str) -> Sent:
    own = {"_session_id": "s-1", "_session_number": 1, "_page_title": _TITLE, "_page_url": _URL}
    event: dict[str, Any] = {
        "event_type": "product_viewed",
        "device_id": "d-1",
        "unique_id": "u-1",
        "timestamp": _MS,
    }
    event |= {"app_id": key, "locale": "de-CH", "platform": "Web", "screen_width": 1280, "make": "Google"}
    event |= {"sdk_name": "aws-solution-clickstream-sdk", "sdk_version": "0.12.6", "zone_offset": 3_600_000}
    event |= {"user": {"_user_id": {"value": "mei", "set_timestamp": _MS}}}
    attributes = {**own, "_traffic_source_source": "mail", **_BOUGHT}
    return _sent("events", [{**event, "event_id": _id(n), "attributes": attributes} for n in range(EVENTS)])


def _ga4(key: str) -> Sent:
    own = {"page_location": _URL, "page_title": _TITLE, "session_id": "1", "engagement_time_msec": 100}
    event = {"name": "view_item", "params": {**own, "source": "mail", **_BOUGHT}}
    payload = {"client_id": "d-1", "user_id": "mei", "timestamp_micros": _MS * 1000, "user_agent": _AGENT}
    body = msgspec.json.encode({**payload, "events": [event] * EVENTS})
    return Sent("events", b"api_secret=" + key.encode(), {}, body, _LIMIT)


def _snowplow(key: str) -> Sent:
    schema = "iglu:com.snowplowanalytics.snowplow/{}/jsonschema/1-0-0"
    session = {"userId": "d-1", "sessionId": "s-1", "sessionIndex": 3, "eventIndex": 7}
    contexts = [
        {"schema": schema.format("client_session"), "data": session},
        {"schema": schema.format("web_page"), "data": {"id": "v-1"}},
    ]
    described = {"schema": "iglu:com.acme/viewed_product/jsonschema/1-0-0", "data": _BOUGHT}
    event = {
        "e": "ue",
        "aid": key,
        "p": "web",
        "tv": "js-4.10.1",
        "tna": "sp",
        "url": _URL,
        "page": _TITLE,
    }
    event |= {"uid": "mei", "duid": "d-1", "sid": "s-1", "vid": "3", "dtm": str(_MS), "stm": str(_MS)}
    event |= {"lang": "de-CH", "tz": "Europe/Zurich", "res": "1280x800", "vp": "1280x720", "cd": "24"}
    event["co"] = _text({"schema": schema.format("contexts"), "data": contexts})
    event["ue_pr"] = _text({"schema": schema.format("unstruct_event"), "data": described})
    data = [{**event, "eid": _id(n)} for n in range(EVENTS)]
    return _sent("tp2", {"schema": schema.format("payload_data"), "data": data})


def _id(number: int) -> str:
    """A message id that wrk makes anew in every request; within a form it cannot."""
    return f"{number:04d}-{MARKER.decode()}"


def _text(value: object) -> str:
    return msgspec.json.encode(value).decode()


SAMPLES: Final[Mapping[str, Callable[[str], Sent]]] = {
    "segment": _segment,
    "rudderstack": _rudderstack,
    "snowplow": _snowplow,
    "sensors": _sensors,
    "clickstream": _clickstream,
    "ga4": _ga4,
    "posthog": _posthog,
    "amplitude": _amplitude,
    "mixpanel": _mixpanel,
}
