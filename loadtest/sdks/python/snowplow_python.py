"""Snowplow's tracker for Python."""

import time
from typing import Any, Final

from snowplow_tracker.emitters import Emitter
from snowplow_tracker.events.page_view import PageView
from snowplow_tracker.events.self_describing import SelfDescribing
from snowplow_tracker.events.structured_event import StructuredEvent
from snowplow_tracker.self_describing_json import SelfDescribingJson
from snowplow_tracker.subject import Subject
from snowplow_tracker.tracker import Tracker

PATIENCE_S: Final = 60.0


def send(host: str, key: str, said: dict[str, Any]) -> None:
    """All calls that it has; returns when nothing is left to be sent."""
    emitter = Emitter(host.removeprefix("http://"), protocol="http", batch_size=2, request_timeout=30)
    subject = Subject().set_user_id(said["user"]).set_domain_user_id(said["device"])
    tracker = Tracker("sp", [emitter], subject=subject, app_id=key, encode_base64=False)
    described = SelfDescribing(_about(said["event"], said["properties"]))
    told = {"label": said["group"], "value": said["price"]}
    tracker.track(PageView(said["page"], "Tea 茶", context=[_about("plan", said["traits"])]))
    tracker.track(described)
    tracker.track(StructuredEvent(said["groupType"], said["screen"], **told))
    for number in range(3):
        tracker.track(StructuredEvent("bulk", f"Bulk {number}"))
    tracker.flush()
    until = time.monotonic() + PATIENCE_S
    while not _is_through(emitter) and time.monotonic() < until:
        time.sleep(0.1)


def _is_through(emitter: Emitter) -> bool:
    """Nothing is under way, which its lock tells, and nothing waits."""
    with emitter.lock:
        return emitter.event_store.size() == 0 and not emitter.retry_timer.is_active()


def _about(name: str, data: dict[str, Any]) -> SelfDescribingJson:
    return SelfDescribingJson(f"iglu:com.acme/{name}/jsonschema/1-0-0", dict(data))
