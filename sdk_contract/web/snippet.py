"""The lines that bring the web SDK into a page."""

from html import escape
from typing import Final
from urllib.parse import urlencode

from sdk_contract.dialects.noscript import PATH as PIXEL

PATH: Final = "/sojourn.js"
# Made of src/stub.ts by tools/build_web.py.
STUB: Final = (
    '((r,s)=>{if(r.sojourn)return;const t=r.sojourn={q:[]};for(const n of s.split(" "))'
    't[n]=(...o)=>{try{t.q.push([n,n=="load"?o:JSON.parse(JSON.stringify(o))])}catch(u){}}})'
    '(window,"load page track identify group alias reset consent debug");'
)
_LINES: Final = """\
<script>{stub}</script>
<script async src="{script}" data-write-key="{key}"></script>
<noscript><img src="{pixel}" alt="" hidden referrerpolicy="no-referrer-when-downgrade"></noscript>
"""


def snippet(origin: str, key: str, path: str = PATH) -> str:
    """The lines for a page, to be put before `</head>`.

    `origin` is where browsers reach the collector (scheme, host, port), `path` where that serves the SDK.
    """
    outer = origin.rstrip("/")
    pixel = f"{outer}{PIXEL}?{urlencode({'writeKey': key})}"
    return _LINES.format(stub=STUB, script=escape(outer + path), key=escape(key), pixel=escape(pixel))
