"""Landing: immutable Parquet, an object for each journal segment, a row for each received event.

`SCHEMA` is the documented table, `object_key` the layout, and `open_store` gives the store behind a landing
address: a local folder, or any S3.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import PurePosixPath

import pyarrow as pa

from warehouse.errors import BadName
from warehouse.segments import split_segment_id
from warehouse.stores import LocalStore, ObjectInfo, S3Store, Store, open_store

__all__ = [
    "FORMAT",
    "SCHEMA",
    "LocalStore",
    "ObjectInfo",
    "S3Store",
    "Store",
    "hour_prefix",
    "object_key",
    "open_store",
    "segment_of",
]

FORMAT = "sojourn-landing-1"

_TEXT, _INT, _TIME = pa.string(), pa.int32(), pa.timestamp("us", tz="UTC")

# name, type, may be null, what it says
_COLUMNS: list[tuple[str, pa.DataType, bool, str]] = [
    ("project", _TEXT, True, "project of the write key; null only for damage whose key is lost"),
    ("key_id", _TEXT, True, "id of the write key (k_…), not the key itself"),
    ("key_no", _INT, True, "number of the write key in the registry"),
    ("dialect", _TEXT, True, "protocol the SDK spoke"),
    ("segment_id", _TEXT, False, "journal segment that carried the event; also the object's name"),
    ("record", _INT, False, "number of the request within the segment, from 0"),
    ("index", _INT, False, "number of the event within its request, from 0"),
    ("verdict", _TEXT, False, "ok, warning, rejected, filtered or damaged"),
    ("reason", _TEXT, True, "why the verdict is not ok: one of the closed list"),
    ("pointer", _TEXT, True, "JSON pointer to what was wrong"),
    ("expected", _TEXT, True, "what would have been right"),
    ("plan_version", _TEXT, True, "version of the tracking plan that judged the event"),
    ("message_id", _TEXT, False, "the SDK's id of the event; given by the collector where the SDK sent none"),
    ("type", _TEXT, True, "track, page, screen, identify, group or alias"),
    ("event", _TEXT, True, "name: of a track its event, of a page or screen its name"),
    ("category", _TEXT, True, "category of a page or screen"),
    ("user_id", _TEXT, True, "the customer's id in the sender's system"),
    ("anonymous_id", _TEXT, True, "the device's id"),
    ("group_id", _TEXT, True, "account or organisation"),
    ("previous_id", _TEXT, True, "of an alias: the id that the user had before"),
    ("timestamp", _TIME, False, "when it happened: the device's time, corrected by what is certain"),
    ("original_timestamp", _TIME, True, "when it happened by the device's clock"),
    ("sent_at", _TIME, True, "when the device says it sent the request"),
    ("received_at", _TIME, False, "when the collector received the request"),
    ("ip", _TEXT, True, "address of the sender, after the key's privacy treatment"),
    ("user_agent", _TEXT, True, "the event's own user agent, else that of the request"),
    ("locale", _TEXT, True, "context.locale"),
    ("timezone", _TEXT, True, "context.timezone"),
    ("page_url", _TEXT, True, "context.page.url"),
    ("page_path", _TEXT, True, "context.page.path, else from the page address"),
    ("page_title", _TEXT, True, "context.page.title"),
    ("page_referrer", _TEXT, True, "context.page.referrer"),
    ("page_search", _TEXT, True, "context.page.search, else from the page address"),
    ("campaign_source", _TEXT, True, "context.campaign.source, else utm_source of the page address"),
    ("campaign_medium", _TEXT, True, "context.campaign.medium, else utm_medium"),
    ("campaign_name", _TEXT, True, "context.campaign.name, else utm_campaign"),
    ("campaign_term", _TEXT, True, "context.campaign.term, else utm_term"),
    ("campaign_content", _TEXT, True, "context.campaign.content, else utm_content"),
    ("library_name", _TEXT, True, "SDK that sent it"),
    ("library_version", _TEXT, True, "version of that SDK"),
    ("app_name", _TEXT, True, "context.app.name"),
    ("app_version", _TEXT, True, "context.app.version"),
    ("os_name", _TEXT, True, "as sent, else read from the user agent"),
    ("os_version", _TEXT, True, "as sent, else read from the user agent"),
    ("device_type", _TEXT, True, "as sent, else mobile, tablet or desktop by the user agent"),
    ("device_model", _TEXT, True, "as sent, else read from the user agent"),
    ("screen_width", _INT, True, "context.screen.width"),
    ("screen_height", _INT, True, "context.screen.height"),
    ("browser", _TEXT, True, "browser's name, read from the user agent"),
    ("is_bot", pa.bool_(), True, "user agent, or how it was sent, tells a robot; null where nothing tells"),
    ("properties", _TEXT, True, "JSON text as sent"),
    ("traits", _TEXT, True, "JSON text as sent"),
    ("context", _TEXT, True, "JSON text as sent, addresses treated"),
    ("integrations", _TEXT, True, "JSON text as sent"),
    ("extra", _TEXT, True, "JSON object of every other field of the event"),
    ("raw", _TEXT, True, "the treated event whole, where the verdict is rejected or damaged"),
    ("kind", _TEXT, True, "what its address took: batch, or the type of a single event"),
    ("privacy", _TEXT, True, "privacy policy that treated the event before it was written, as name@version"),
    ("signals", _TEXT, True, "what the browser asked for: gpc, dnt, or both with a comma"),
    ("visitor_id", _TEXT, True, "id in the first-party cookie that the collector keeps"),
    ("country", _TEXT, True, "ISO 3166-1 code, from the address before it was treated"),
    ("region", _TEXT, True, "region (ISO 3166-2 or name), where the location database knows it"),
    ("city", _TEXT, True, "city, where the location database knows it"),
    ("clock", _TEXT, True, "how timestamp was found: null as sent, else skewed, stale, future or missing"),
    ("clock_offset", pa.int64(), True, "microseconds added to the device's time"),
    ("page_host", _TEXT, True, "host of page_url"),
    ("referrer_host", _TEXT, True, "host of page_referrer"),
    ("referrer_class", _TEXT, True, "search, social, mail, ai, video, shopping, internal or other"),
    ("referrer_source", _TEXT, True, "name of the referring site where it is a known one"),
    ("click_id_kind", _TEXT, True, "parameter of the page address that an ad network added"),
    ("click_id", _TEXT, True, "its value"),
    ("campaign_id", _TEXT, True, "utm_id of the page address"),
    ("channel", _TEXT, True, "channel group of the visit that this event would open"),
    ("bot_reason", _TEXT, True, "why is_bot is true"),
    ("repeated", pa.bool_(), True, "the same event of the same device happened less than a second before"),
    ("uncleaned", _TEXT, True, "JSON object: pointer to value as sent, of what cleaning changed"),
    ("replayed_at", _TIME, True, "when a refused event was judged again and found valid"),
    ("uncounted", pa.bool_(), True, "of a replay: it stood in a body that had been counted as one event"),
]

SCHEMA = pa.schema(
    [pa.field(name, kind, nullable, {"doc": doc}) for name, kind, nullable, doc in _COLUMNS],
    metadata={"sojourn.format": FORMAT},
)


def hour_prefix(received_at: int) -> str:
    """The folder of one received hour; `received_at` in µs UTC."""
    return datetime.fromtimestamp(received_at // 1_000_000, UTC).strftime("date=%Y-%m-%d/hour=%H/")


def object_key(segment_id: str, opened_at: int) -> str:
    """Where a segment lands, whoever lands it and how often; `opened_at` in µs UTC."""
    return f"{hour_prefix(opened_at)}{segment_id}.parquet"


def segment_of(key: str) -> str:
    """The segment that an object came from. Raises `BadName` for a key of another form."""
    path = PurePosixPath(key)
    if path.suffix != ".parquet":
        raise BadName(f"object key {key!r}: expected …/<segment id>.parquet")
    split_segment_id(path.stem)
    return path.stem
