"""The SDKs that are run: in which language, from which package, and which of the calls each of them has."""

import json
from importlib.metadata import version
from pathlib import Path
from typing import Final

import msgspec

NODE_PROJECT: Final = Path("tests/e2e/node")
WEB: Final = Path("sdk_contract/web")
# What an SDK gives up by itself is seen in what it does after a fault; the collector cannot mend that.
_REFUSED: Final = frozenset(("400", "401", "413"))
_UNWELCOME: Final = frozenset(("400", "401"))
# The statuses that a server in trouble answers.
BAD_ANSWERS: Final = frozenset(("400", "401", "408", "413", "429", "500", "503"))
_BULK: Final = ("bulk 0", "bulk 1", "bulk 2")
_SNOWPLOW: Final = ("page", "entity", "track", "structured", *_BULK)


class Sdk(msgspec.Struct, frozen=True):
    """`name` is that of its sender in the folder of its language; `drops`: where it gives up by itself.

    `alone`: it cannot stand in one program more than once, and so meets no faults. `home`: the folder of a
    package that is our own.
    """

    name: str
    language: str
    package: str
    roles: tuple[str, ...]
    drops: frozenset[str] = frozenset()
    alone: bool = False
    home: Path | None = None

    def version(self, project: Path = NODE_PROJECT) -> str:
        """Of the package that is installed."""
        if self.language == "python":
            return version(self.package)
        folder = self.home or project / "node_modules" / self.package
        text = (folder / "package.json").read_text("utf-8")
        return str(json.loads(text)["version"])


SDKS: Final = (
    Sdk(
        "posthog_python",
        "python",
        "posthog",
        ("track", "page", "screen", "traits", "group traits", "alias", *_BULK),
        drops=_REFUSED,
    ),
    Sdk(
        "posthog_v1",
        "python",
        "posthog",
        ("track", "page", "screen", "traits", "group traits", "alias", *_BULK),
        drops=_REFUSED,
    ),
    Sdk(
        "posthog-node",
        "node",
        "posthog-node",
        ("track", "page", "screen", "traits", "group traits", "alias", *_BULK),
        drops=_UNWELCOME,
    ),
    Sdk(
        "posthog-js",
        "browser",
        "posthog-js",
        ("track", "page", "identify", "traits", "group traits", "alias", *_BULK),
        drops=_REFUSED | {"408", "429"},
    ),
    Sdk(
        "amplitude_python",
        "python",
        "amplitude-analytics",
        ("track", "identify", "traits", "group", "group traits", "charge", *_BULK),
    ),
    Sdk(
        "amplitude-node",
        "node",
        "@amplitude/analytics-node",
        ("track", "identify", "traits", "group", "group traits", "charge", *_BULK),
    ),
    Sdk(
        "amplitude-browser",
        "browser",
        "@amplitude/analytics-browser",
        ("track", "page", "identify", "traits", "group", "group traits", "charge", *_BULK),
    ),
    Sdk(
        "mixpanel_python",
        "python",
        "mixpanel",
        ("track", "traits", "group traits", "alias", "charge", *_BULK),
        drops=_REFUSED | {"408"},
    ),
    Sdk(
        "mixpanel-node",
        "node",
        "mixpanel",
        ("track", "traits", "group traits", "alias", "charge", *_BULK),
        drops=BAD_ANSWERS,
    ),
    Sdk(
        "mixpanel-browser",
        "browser",
        "mixpanel-browser",
        ("track", "page", "identify", "traits", "group traits", "alias", *_BULK),
        drops=frozenset(("400", "401", "408")),
    ),
    Sdk(
        "sensors_python",
        "python",
        "SensorsAnalyticsSDK",
        ("flat track", "page", "screen", "traits", "item", "alias", *_BULK),
    ),
    Sdk(
        "sensors-node",
        "node",
        "sa-sdk-node",
        ("flat track", "page", "screen", "traits", "item", "alias", *_BULK),
        drops=BAD_ANSWERS,
        alone=True,
    ),
    Sdk(
        "sensors-miniprogram",
        "node",
        "sa-sdk-miniprogram",
        ("flat track", "screen", "traits", "login", *_BULK),
        drops=BAD_ANSWERS,
        alone=True,
    ),
    Sdk(
        "sensors-js",
        "browser",
        "sa-sdk-javascript",
        ("flat track", "page", "traits", "item", "login", *_BULK),
        drops=BAD_ANSWERS,
    ),
    Sdk(
        "sensors-js-batch",
        "browser",
        "sa-sdk-javascript",
        ("flat track", "page", "traits", "item", "login", *_BULK),
    ),
    Sdk(
        "rudder_python",
        "python",
        "rudder-sdk-python",
        ("track", "page", "screen", "traits", "group", "group traits", "alias", *_BULK),
    ),
    Sdk(
        "rudder-node",
        "node",
        "@rudderstack/rudder-sdk-node",
        ("track", "page", "screen", "traits", "group", "group traits", "alias", *_BULK),
        drops=_REFUSED | {"408"},
    ),
    Sdk(
        "rudder-js",
        "browser",
        "@rudderstack/analytics-js",
        ("track", "page", "traits", "group", "group traits", "alias", *_BULK),
        drops=_REFUSED | {"408"},
    ),
    Sdk(
        "segment_python",
        "python",
        "segment-analytics-python",
        ("track", "page", "screen", "traits", "group", "group traits", "alias", *_BULK),
        drops=_REFUSED,
    ),
    Sdk(
        "segment-node",
        "node",
        "@segment/analytics-node",
        ("track", "page", "screen", "traits", "group", "group traits", "alias", *_BULK),
        drops=_REFUSED,
    ),
    Sdk(
        "segment-next",
        "browser",
        "@segment/analytics-next",
        ("track", "page", "screen", "traits", "group", "group traits", "alias", *_BULK),
        drops=_REFUSED,
    ),
    Sdk(
        "clickstream-web",
        "browser",
        "@aws/clickstream-web",
        ("flat track", "page", "identify", "traits", "charge", *_BULK),
    ),
    Sdk(
        "jitsu-js",
        "browser",
        "@jitsu/js",
        ("track", "page", "traits", "group", "group traits", *_BULK),
        drops=BAD_ANSWERS,
    ),
    Sdk("snowplow_python", "python", "snowplow-tracker", _SNOWPLOW, drops=_UNWELCOME),
    Sdk("snowplow-node", "node", "@snowplow/node-tracker", _SNOWPLOW, drops=_UNWELCOME),
    Sdk("snowplow-js", "browser", "@snowplow/browser-tracker", _SNOWPLOW, drops=_UNWELCOME),
    Sdk(
        "sojourn-web",
        "browser",
        "@sojourn/web",
        ("track", "page", "traits", "group", "group traits", "alias", *_BULK),
        drops=_UNWELCOME,
        home=WEB,
    ),
)
BY_NAME: Final = {sdk.name: sdk for sdk in SDKS}
