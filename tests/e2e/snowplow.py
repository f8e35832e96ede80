"""Tracks with snowplow-tracker what the test asks for: `snowplow.py HOST WRITE_KEY USER METHOD`."""

import sys
from typing import Any

from snowplow_tracker.emitters import Emitter
from snowplow_tracker.events.page_view import PageView
from snowplow_tracker.events.self_describing import SelfDescribing
from snowplow_tracker.events.structured_event import StructuredEvent
from snowplow_tracker.self_describing_json import SelfDescribingJson
from snowplow_tracker.subject import Subject
from snowplow_tracker.tracker import Tracker


def main(address: str, app_id: str, user: str, method: Any) -> None:
    endpoint, failures = address.removeprefix("http://"), list[object]()
    fail = lambda *failed: failures.append(failed)  # noqa: E731
    emitter = Emitter(endpoint, protocol="http", method=method, batch_size=1, on_failure=fail)
    subject = Subject().set_user_id(user).set_domain_user_id(f"{user}-device")
    tracker = Tracker("sp", [emitter], subject=subject, app_id=app_id, encode_base64=method == "get")
    plan = [SelfDescribingJson("iglu:com.acme/plan/jsonschema/1-0-0", {"name": "pro"})]
    tracker.track(PageView("https://shop.example/p/1", "茶 · Tea", context=plan))
    tracker.track(StructuredEvent("shop", "add", "SÖMMER 🌞", value=2.5))
    data = {"price": 12.5, "options": {"size": "größe"}}
    tracker.track(SelfDescribing(SelfDescribingJson("iglu:com.acme/viewed_product/jsonschema/1-0-0", data)))
    tracker.flush()
    if failures:
        sys.exit(f"the tracker reports: {failures}")


main(*sys.argv[1:])
