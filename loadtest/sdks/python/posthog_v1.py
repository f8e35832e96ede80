"""PostHog's SDK for Python in its protocol v1, which has a result for each event."""

from typing import Any

from loadtest.sdks.python import posthog_python


def send(host: str, key: str, said: dict[str, Any]) -> None:
    """As `posthog_python`."""
    posthog_python.send(host, key, said, capture_mode="v1")
