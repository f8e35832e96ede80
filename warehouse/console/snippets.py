"""What a newcomer pastes to send a first event: a script for a web page, and lines for curl, Python and Node.

Each text works as it stands, against the collector at `origin` with the write key `key`.
"""

from msgspec import Struct

SCRIPT = """\
<script>
  window.sojourn = (function (collector, key) {
    var kept = window.localStorage;
    function fresh() {
      return Date.now().toString(36) + "-" + Math.random().toString(36).slice(2, 12);
    }
    var device = kept.getItem("sojourn_device") || fresh();
    kept.setItem("sojourn_device", device);
    function send(type, fields) {
      var now = new Date().toISOString();
      var page = {
        url: location.href, path: location.pathname, search: location.search,
        title: document.title, referrer: document.referrer
      };
      var event = {
        writeKey: key, messageId: fresh(), anonymousId: device,
        userId: kept.getItem("sojourn_user"), timestamp: now, sentAt: now,
        context: {
          page: page, locale: navigator.language, userAgent: navigator.userAgent,
          timezone: Intl.DateTimeFormat().resolvedOptions().timeZone,
          library: {name: "sojourn-snippet", version: "1"}
        }
      };
      return fetch(collector + "/v1/" + type, {
        method: "POST", keepalive: true, body: JSON.stringify(Object.assign(event, fields))
      });
    }
    return {
      page: function (name, properties) { return send("page", {name: name, properties: properties}); },
      track: function (event, properties) { return send("track", {event: event, properties: properties}); },
      identify: function (user, traits) {
        kept.setItem("sojourn_user", user);
        return send("identify", {userId: user, traits: traits});
      }
    };
  })("ORIGIN", "KEY");
  sojourn.page();
</script>
"""

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

TEMPLATES = {"script": SCRIPT, "curl": CURL, "python": PYTHON, "node": NODE}
FILES = {"script": "index.html", "curl": "sh", "python": "hello.py", "node": "hello.mjs"}


class Snippet(Struct, frozen=True):
    """One way to send a first event: its name (of TEMPLATES), the file it goes to, its text."""

    name: str
    file: str
    text: str


def snippet(name: str, origin: str, key: str) -> Snippet:
    """The text called `name`, or the script when there is none of that name."""
    name = name if name in TEMPLATES else "script"
    text = TEMPLATES[name].replace("ORIGIN", origin.rstrip("/")).replace("KEY", key)
    return Snippet(name, FILES[name], text)
