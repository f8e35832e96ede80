"""Sends the calls on standard input with segment-analytics-python: `send.py HOST WRITE_KEY`."""

import json
import sys
from datetime import datetime
from typing import Any

from segment.analytics.client import Client

NAMES = {
    "userId": "user_id",
    "anonymousId": "anonymous_id",
    "groupId": "group_id",
    "previousId": "previous_id",
    "messageId": "message_id",
}


def fail(error: Exception, _: Any) -> None:
    sys.exit(f"the SDK reports: {error}")


def main(host: str, key: str) -> None:
    client = Client(key, host=host, on_error=fail, debug=True)
    for call in json.load(sys.stdin):
        send = getattr(client, call.pop("type"))
        call["timestamp"] = datetime.fromisoformat(call["timestamp"])
        send(**{NAMES.get(name, name): value for name, value in call.items()})
    client.shutdown()


main(sys.argv[1], sys.argv[2])
