"""What a newcomer pastes to send a first event: a script for a web page, and lines for curl, Python and Node.

Each text works as it stands, against the collector at `origin` with the write key `key`.
"""

from msgspec import Struct

from sdk_contract.web.snippet import snippet as lines_of_page

CURL = """\
curl ORIGIN/v1/track \\
  -u KEY: \\
  -H 'Content-Type: application/json' \\
  -d '{
    "anonymousId": "my-first-device",
    "event": "Hello Sojourn",
    "properties": {"answer": 42}
  }'
"""

PYTHON = """\
# pip install segment-analytics-python
import segment.analytics as analytics

analytics.write_key = "KEY"
analytics.host = "ORIGIN"
analytics.track(
    anonymous_id="my-first-device",
    event="Hello Sojourn",
    properties={"answer": 42},
)
analytics.shutdown()
"""

NODE = """\
// npm install @segment/analytics-node
import { Analytics } from "@segment/analytics-node";

const analytics = new Analytics({
  writeKey: "KEY",
  host: "ORIGIN",
});
analytics.track({
  anonymousId: "my-first-device",
  event: "Hello Sojourn",
  properties: { answer: 42 },
});
await analytics.closeAndFlush();
"""

TEMPLATES = {"curl": CURL, "python": PYTHON, "node": NODE}
FILES = {"script": "index.html", "curl": "sh", "python": "hello.py", "node": "hello.mjs"}


class Snippet(Struct, frozen=True):
    """One way to send a first event: its name (of FILES), the file it goes to, its text."""

    name: str
    file: str
    text: str


def snippet(name: str, origin: str, key: str, sdk_path: str) -> Snippet:
    """The text called `name`, or the script when there is none of that name."""
    if name not in TEMPLATES:
        return Snippet("script", FILES["script"], lines_of_page(origin, key, sdk_path))
    text = TEMPLATES[name].replace("ORIGIN", origin.rstrip("/")).replace("KEY", key)
    return Snippet(name, FILES[name], text)
