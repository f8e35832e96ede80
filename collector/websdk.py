"""Serves the web SDK: its newest release under the configured name, every release under a name of its own."""

import re
from gzip import compress
from hashlib import sha256
from importlib.resources import files

from msgspec import Struct

from sdk_contract.dialects import Answer
from sdk_contract.errors import SettingError
from sdk_contract.web import VERSION

_NAME = re.compile(r"/[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*")
_RELEASE = re.compile(r"sojourn-(\d+\.\d+\.\d+)\.js")
TYPE = b"text/javascript; charset=utf-8"
_SHARED = (
    # Without cookies anybody may read it: a page can demand its checksum, an isolated one may embed it.
    (b"access-control-allow-origin", b"*"),
    (b"cross-origin-resource-policy", b"cross-origin"),
    (b"vary", b"Accept-Encoding"),
    (b"x-content-type-options", b"nosniff"),
)
NEWEST_LASTS = b"public, max-age=3600, stale-while-revalidate=604800"
RELEASE_LASTS = b"public, max-age=31536000, immutable"


class Script(Struct, frozen=True):
    """One release as it is served: plain and packed bytes, and for how long caches may keep it."""

    plain: bytes
    packed: bytes
    tag: str
    lasts: bytes

    def answer(self, encodings: str, known: str) -> Answer:
        """The answer to a GET, by its Accept-Encoding and its If-None-Match."""
        packs = "gzip" in encodings
        tag = f'"{self.tag}-gzip"' if packs else f'"{self.tag}"'
        headers = (*_SHARED, (b"cache-control", self.lasts), (b"etag", tag.encode()))
        if tag in re.findall(r'"[^"]*"', known):
            return Answer(304, b"", TYPE, headers)
        if packs:
            return Answer(200, self.packed, TYPE, (*headers, (b"content-encoding", b"gzip")))
        return Answer(200, self.plain, TYPE, headers)


def scripts(path: str) -> dict[str, Script]:
    """What is served where. `path` is the newest release's; SettingError where it will not do.

    What `/sojourn.js` gives changes with each release; what `/sojourn-0.1.0.js` gives never does.
    """
    if not _NAME.fullmatch(path):
        raise SettingError(
            f"SOJOURN_SDK_PATH={path!r} will not do; a slash and one name, as /tea.js, would do"
        )
    stem, dot, ending = path.rpartition(".") if "." in path else (path, "", "")
    found: dict[str, Script] = {}
    for version, plain in releases().items():
        found[f"{stem}-{version}{dot}{ending}"] = _script(plain, RELEASE_LASTS)
        if version == VERSION:
            found[path] = _script(plain, NEWEST_LASTS)
    return found


def releases() -> dict[str, bytes]:
    """The releases that come along, by version."""
    folder = files("sdk_contract.web") / "dist"
    named = ((_RELEASE.fullmatch(file.name), file) for file in folder.iterdir())
    return {match[1]: file.read_bytes() for match, file in named if match}


def _script(plain: bytes, lasts: bytes) -> Script:
    return Script(plain, compress(plain, 9, mtime=0), sha256(plain).hexdigest()[:24], lasts)
