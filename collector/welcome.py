"""What `sojourn up` says when everything runs: where to look, the write key, and lines to paste."""

import msgspec

from sdk_contract.web.snippet import PATH, snippet

CURL = """\
curl -u {key}: {origin}/v1/track -d '{{"anonymousId": "first-device", "event": "Hello Sojourn"}}'"""

PYTHON = """\
import segment.analytics as analytics
analytics.write_key, analytics.host = "{key}", "{origin}"
analytics.track("me", "Hello Sojourn")
analytics.flush()"""

NODE = """\
new (require("@segment/analytics-node").Analytics)({{writeKey: "{key}", host: "{origin}"}}).track(\
{{userId: "me", event: "Hello Sojourn"}})"""

TEXT = """\

Sojourn is up.

  Look at     {console}
  Collector   {collector}
  Write key   {write_key}
  Data        {data}

Web page      (paste into any page)
{script}
Shell
{curl}

Python        (pip install segment-analytics-python)
{python}

Node          (npm install @segment/analytics-node)
{node}

Ctrl-C stops it; nothing that was acknowledged is lost.
"""


class Welcome(msgspec.Struct, frozen=True):
    """Where everything is. `console` is None where its program is not installed, `sdk_path` the web SDK's."""

    collector: str
    console: str | None
    write_key: str
    data: str
    sdk_path: str = PATH

    def snippets(self) -> dict[str, str]:
        texts = {"curl": CURL, "python": PYTHON, "node": NODE}
        found = {name: text.format(origin=self.collector, key=self.write_key) for name, text in texts.items()}
        return {"script": snippet(self.collector, self.write_key, self.sdk_path), **found}

    def text(self) -> str:
        fields = {**msgspec.structs.asdict(self), **self.snippets()}
        return TEXT.format(**{**fields, "console": self.console or "(the console is not installed)"})

    def json(self) -> str:
        return msgspec.json.encode({**msgspec.structs.asdict(self), **self.snippets()}).decode()
