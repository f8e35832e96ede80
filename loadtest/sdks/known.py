"""The SDKs that are run: in which language, from which package, and which of the calls each of them has."""

import json
from importlib.metadata import version
from pathlib import Path
from typing import Final

import msgspec

NODE_PROJECT: Final = Path("tests/e2e/node")
_BULK: Final = ("bulk 0", "bulk 1", "bulk 2")


class Sdk(msgspec.Struct, frozen=True):
    """`name` is that of its sender in the folder of its language; `again`: it sends again what failed."""

    name: str
    language: str
    package: str
    roles: tuple[str, ...]
    again: bool = True

    def version(self, project: Path = NODE_PROJECT) -> str:
        """Of the package that is installed."""
        if self.language == "python":
            return version(self.package)
        text = (project / "node_modules" / self.package / "package.json").read_text("utf-8")
        return str(json.loads(text)["version"])


SDKS: Final = (
    Sdk(
        "posthog_python",
        "python",
        "posthog",
        ("track", "page", "screen", "traits", "group traits", "alias", *_BULK),
    ),
    Sdk(
        "posthog_v1",
        "python",
        "posthog",
        ("track", "page", "screen", "traits", "group traits", "alias", *_BULK),
    ),
    Sdk(
        "posthog-node",
        "node",
        "posthog-node",
        ("track", "page", "screen", "traits", "group traits", "alias", *_BULK),
    ),
    Sdk(
        "posthog-js",
        "browser",
        "posthog-js",
        ("track", "page", "identify", "traits", "group traits", "alias", *_BULK),
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
    ),
    Sdk(
        "mixpanel-node",
        "node",
        "mixpanel",
        ("track", "traits", "group traits", "alias", "charge", *_BULK),
        again=False,
    ),
    Sdk(
        "mixpanel-browser",
        "browser",
        "mixpanel-browser",
        ("track", "page", "identify", "traits", "group traits", "alias", *_BULK),
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
        again=False,
    ),
    Sdk(
        "sensors-miniprogram",
        "node",
        "sa-sdk-miniprogram",
        ("flat track", "screen", "traits", "login", *_BULK),
        again=False,
    ),
    Sdk(
        "sensors-js",
        "browser",
        "sa-sdk-javascript",
        ("flat track", "page", "traits", "item", "login", *_BULK),
        again=False,
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
    ),
    Sdk(
        "rudder-js",
        "browser",
        "@rudderstack/analytics-js",
        ("track", "page", "traits", "group", "group traits", "alias", *_BULK),
    ),
    Sdk(
        "segment-next",
        "browser",
        "@segment/analytics-next",
        ("track", "page", "screen", "traits", "group", "group traits", "alias", *_BULK),
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
        again=False,
    ),
)
BY_NAME: Final = {sdk.name: sdk for sdk in SDKS}
