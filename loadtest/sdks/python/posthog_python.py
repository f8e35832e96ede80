"""PostHog's SDK for Python."""

from typing import Any

from posthog import Posthog


def send(host: str, key: str, said: dict[str, Any], **options: Any) -> None:
    """All calls that it has; returns when nothing is left to be sent."""
    client = Posthog(key, host=host, max_retries=10, **options)
    user = said["user"]
    client.capture(said["event"], distinct_id=user, properties=dict(said["properties"]))
    client.capture("$pageview", distinct_id=user, properties={"$current_url": said["page"]})
    client.capture("$screen", distinct_id=user, properties={"$screen_name": said["screen"]})
    client.set(distinct_id=user, properties=dict(said["traits"]))
    client.group_identify(said["groupType"], said["group"], dict(said["groupTraits"]))
    client.alias(said["former"], user)
    for number in range(3):
        client.capture(f"Bulk {number}", distinct_id=user)
    client.shutdown()
