"""Sensors Analytics' SDK for Python; what its batch could not send it keeps until it is flushed again."""

import time
from typing import Any, Final

from sensorsanalytics import BatchConsumer, SensorsAnalytics, SensorsAnalyticsNetworkException

TRIES: Final = 30


def send(host: str, key: str, said: dict[str, Any]) -> None:
    """All calls that it has; returns when nothing is left to be sent."""
    consumer = BatchConsumer(f"{host}/sa?project=shop&token={key}", request_timeout=10)
    client, user = SensorsAnalytics(consumer), said["user"]
    flat = {name: value for name, value in said["properties"].items() if not isinstance(value, dict | list)}
    client.track(user, said["event"].replace(" ", "_"), flat, is_login_id=True)
    client.track(user, "$pageview", {"$url": said["page"]}, is_login_id=True)
    client.track(user, "$AppViewScreen", {"$screen_name": said["screen"]}, is_login_id=True)
    client.track_signup(user, said["former"])
    client.profile_set(user, dict(said["traits"]), is_login_id=True)
    client.item_set(said["groupType"], said["group"], dict(said["groupTraits"]))
    for number in range(3):
        client.track(user, f"Bulk_{number}", is_login_id=True)
    for _ in range(TRIES):
        try:
            client.flush()
        except (OSError, SensorsAnalyticsNetworkException):
            time.sleep(1)
        else:
            return
