"""The files of the pages: packed once and kept, and for ever where their name carries a version."""

from __future__ import annotations

import gzip
import os
import re
from typing import Final

from starlette.datastructures import Headers
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send

_VERSIONED: Final = re.compile(r"-\d+\.\d+\.\d+\.")
_PACKED: Final = (".js", ".css", ".svg", ".txt")
_FOR_EVER: Final = "public, max-age=31536000, immutable"


class Assets(StaticFiles):
    """Serves a folder; texts go out gzipped to whoever takes that."""

    def __init__(self, directory: os.PathLike[str]) -> None:
        super().__init__(directory=directory)
        self._packed: dict[tuple[str, float], bytes] = {}

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        if _VERSIONED.search(path):
            response.headers["Cache-Control"] = _FOR_EVER
        takes = "gzip" in Headers(scope=scope).get("accept-encoding", "")
        if response.status_code != 200 or not takes or not path.endswith(_PACKED):
            return response
        headers = {
            name: response.headers[name] for name in ("etag", "cache-control") if name in response.headers
        }
        packed = self._pack(path)
        return Response(
            b"" if scope["method"] == "HEAD" else packed,
            headers=headers
            | {"Content-Encoding": "gzip", "Vary": "Accept-Encoding", "Content-Length": str(len(packed))},
            media_type=response.media_type,
        )

    def _pack(self, path: str) -> bytes:
        full, status = self.lookup_path(path)
        assert status is not None
        key = (full, status.st_mtime)
        if key not in self._packed:
            with open(full, "rb") as file:
                self._packed[key] = gzip.compress(file.read(), 9, mtime=0)
        return self._packed[key]


class Packed(GZipMiddleware):
    """Gzips pages; a stream goes out as it is: its head would be held back until it has something to say."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        streams = scope["type"] == "http" and scope["path"].endswith("/live")
        await (self.app if streams else super().__call__)(scope, receive, send)
