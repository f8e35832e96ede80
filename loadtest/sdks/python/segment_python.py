"""Segment's SDK for Python."""

from typing import Any

from segment.analytics.client import Client


def send(host: str, key: str, said: dict[str, Any]) -> None:
    """All calls that it has; returns when nothing is left to be sent."""
    client, user = Client(key, host=host, max_retries=10), said["user"]
    client.track(user, said["event"], dict(said["properties"]))
    client.page(user, properties={"url": said["page"]}, context={"page": {"url": said["page"]}})
    client.screen(user, name=said["screen"])
    client.identify(user, traits=dict(said["traits"]))
    client.group(user, said["group"], traits=dict(said["groupTraits"]))
    client.alias(said["former"], user)
    for number in range(3):
        client.track(user, f"Bulk {number}")
    client.shutdown()
