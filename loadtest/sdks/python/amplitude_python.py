"""Amplitude's SDK for Python."""

import time
from typing import Any

from amplitude import Amplitude, BaseEvent, Config, EventOptions, Identify, Revenue

PATIENCE_S = 60.0


def send(host: str, key: str, said: dict[str, Any]) -> None:
    """All calls that it has; returns when each was answered for good."""
    answered: list[str] = []

    def done(event: Any, code: int, message: str | None = None) -> None:
        answered.append(f"{code} {message}")

    client = Amplitude(key, Config(server_url=f"{host}/2/httpapi", flush_interval_millis=500, callback=done))
    who = EventOptions(user_id=said["user"], device_id=said["device"])
    ids = {"user_id": said["user"], "device_id": said["device"]}
    client.track(BaseEvent(said["event"], event_properties=dict(said["properties"]), **ids))
    client.identify(_set(said["traits"]), who)
    client.set_group(said["groupType"], said["group"], who)
    client.group_identify(said["groupType"], said["group"], _set(said["groupTraits"]), who)
    client.revenue(Revenue(said["price"], said["quantity"], product_id="p1"), who)
    for number in range(3):
        client.track(BaseEvent(f"Bulk {number}", **ids))
    until = time.monotonic() + PATIENCE_S
    while len(answered) < 8 and time.monotonic() < until:
        time.sleep(0.05)
    client.shutdown()


def _set(traits: dict[str, Any]) -> Identify:
    found = Identify()
    for name, value in traits.items():
        found.set(name, value)
    return found
