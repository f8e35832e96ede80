"""The web SDK's pixel, GET /v1/pixel.gif: a page view of a browser without scripts, all in the address."""

from collections.abc import Sequence
from hashlib import blake2b
from typing import Final

import msgspec

from sdk_contract.dialects import Answer, Dialect, Headers, Outcome, Route, Sent, Translated
from sdk_contract.dialects.segment import SEGMENT
from sdk_contract.dialects.translated import PIXEL as IMAGE
from sdk_contract.dialects.translated import Native, Object, batch
from sdk_contract.queries import fields
from sdk_contract.verdicts import Judgement

PATH: Final = "/v1/pixel.gif"
_PAGE: Final = ("url", "path", "title", "referrer", "search")
_SIGNALS: Final = (b"sec-gpc", b"dnt")
_LIBRARY: Final = {"name": "sojourn-pixel"}


def translate(sent: Sent) -> Translated:
    """Gives the page view, or none where the browser asks to be let alone, as the SDK does.

    Its page is what the address says, else the one that shows the image; its device is `anonymousId`, else
    one for all browsers that look alike.
    """
    if any(sent.headers.get(name, b"").strip() == b"1" for name in _SIGNALS):
        return batch(())
    asked = {
        name.decode("utf-8", "replace"): value.decode("utf-8", "replace")
        for name, value in fields(sent.body).items()
    }
    page: Object = {name: asked[name] for name in _PAGE if asked.get(name)}
    if "url" not in page and (referer := sent.headers.get(b"referer")):
        page["url"] = referer.decode("latin-1")
    event = Native(
        "page",
        message_id=asked.get("messageId") or None,
        user_id=asked.get("userId") or None,
        anonymous_id=asked.get("anonymousId") or looks(sent.headers),
        name=asked.get("name") or None,
        context={"page": page, "library": _LIBRARY},
    )
    return batch([event])


def looks(headers: Headers) -> str:
    """An id of all browsers that look alike; nothing of it tells one person from another."""
    told = b"\n".join(headers.get(name, b"") for name in (b"user-agent", b"accept-language"))
    return "noscript-" + blake2b(told, digest_size=8).hexdigest()


def reply(kind: str, query: bytes, ids: Sequence[str], judgements: Sequence[Judgement]) -> Answer:
    """An image; nobody reads it."""
    return IMAGE


NOSCRIPT: Final[Dialect] = msgspec.structs.replace(
    SEGMENT,
    name="noscript",
    routes=(Route("GET", PATH, "page"),),
    answers={**SEGMENT.answers, Outcome.ACCEPTED: IMAGE},
    resends=False,
    translate=translate,
    reply=reply,
    configs=(),
)
