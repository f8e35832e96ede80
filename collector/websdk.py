"""Serves the web SDK: its newest release under the configured name, every release under a name of its own."""

import re
from gzip import compress
from hashlib import sha256
from importlib.resources import files

from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response

from sdk_contract.errors import SettingError
from sdk_contract.web import VERSION

_NAME = re.compile(r"/[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*")
_RELEASE = re.compile(r"sojourn-(\d+\.\d+\.\d+)\.js")
_SHARED = {
    # Without cookies anybody may read it: a page can demand its checksum, an isolated one may embed it.
    "Access-Control-Allow-Origin": "*",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Vary": "Accept-Encoding",
    "X-Content-Type-Options": "nosniff",
}
NEWEST_LASTS = "public, max-age=3600, stale-while-revalidate=604800"
RELEASE_LASTS = "public, max-age=31536000, immutable"


class Script(Struct, frozen=True):
    """One release as it is served: plain and packed bytes, and for how long caches may keep it."""

    plain: bytes
    packed: bytes
    tag: str
    lasts: str

    async def answer(self, request: Request) -> Response:
        packs = "gzip" in request.headers.get("accept-encoding", "")
        tag = f'"{self.tag}-gzip"' if packs else f'"{self.tag}"'
        headers = {**_SHARED, "Cache-Control": self.lasts, "ETag": tag}
        if tag in re.findall(r'"[^"]*"', request.headers.get("if-none-match", "")):
            return Response(status_code=304, headers=headers)
        if packs:
            headers["Content-Encoding"] = "gzip"
        body = self.packed if packs else self.plain
        return Response(body, headers=headers, media_type="text/javascript; charset=utf-8")


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


def _script(plain: bytes, lasts: str) -> Script:
    return Script(plain, compress(plain, 9, mtime=0), sha256(plain).hexdigest()[:24], lasts)
