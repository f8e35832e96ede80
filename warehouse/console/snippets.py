"""What a newcomer pastes to send a first event, for each SDK that is known to work: snippets.yaml.

Each text works as it stands, against the collector at `origin` with the write key `key`.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from typing import Final
from urllib.parse import urlsplit

import msgspec

from sdk_contract.web.snippet import snippet as lines_of_page

LANGUAGES: Final = ("page", "python", "node", "http")
_PORTS: Final = {"http": 80, "https": 443}
# What the libraries call themselves; the rest stand in pages.
_PYTHON: Final = re.compile(r"python|^py\b|-py\b", re.IGNORECASE)
_NODE: Final = re.compile(r"node", re.IGNORECASE)


class Sdk(msgspec.Struct, frozen=True):
    """One way to send events. `on`: page, python, node or http; `file`: where its lines go."""

    name: str
    title: str
    on: str
    dialect: str
    file: str
    text: str


class Snippet(msgspec.Struct, frozen=True):
    """The lines of one SDK: its name, the file they go to, the text."""

    name: str
    file: str
    text: str


@cache
def sdks() -> tuple[Sdk, ...]:
    """All of them, our own first."""
    import yaml

    read = yaml.safe_load((files(__package__) / "snippets.yaml").read_text("utf-8"))
    return msgspec.convert(read, tuple[Sdk, ...])


def snippet(name: str, origin: str, key: str, sdk_path: str) -> Snippet:
    """The lines of the SDK called `name`, or the script when there is none of that name."""
    sdk = next((one for one in sdks() if one.name == name), sdks()[0])
    if not sdk.text:
        return Snippet(sdk.name, sdk.file, lines_of_page(origin, key, sdk_path))
    outer = urlsplit(origin)
    port = outer.port or _PORTS.get(outer.scheme, 80)
    words = {"ORIGIN": origin.rstrip("/"), "HOST": outer.hostname or "", "PORT": str(port),
             "SCHEME": outer.scheme, "KEY": key}  # fmt: skip
    text = re.sub(r"\b(ORIGIN|HOST|PORT|SCHEME|KEY)\b", lambda found: words[found[0]], sdk.text)
    return Snippet(sdk.name, sdk.file, text)


def sender(dialect: str, library: str | None) -> Sdk | None:
    """The SDK that an event came from, by the protocol it spoke and what its library calls itself."""
    named = library or ""
    if named.startswith("sojourn"):
        return sdks()[0]
    # RudderStack's SDKs use Segment's addresses as well.
    spoken = "rudderstack" if "rudder" in named.lower() else dialect
    on = _place(named) if named else "http"
    own = [one for one in sdks() if one.dialect == spoken]
    return next((one for one in own if one.on == on), own[0] if own else None)


def _place(library: str) -> str:
    if _PYTHON.search(library):
        return "python"
    return "node" if _NODE.search(library) else "page"
