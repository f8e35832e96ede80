"""Signatures as receivers check them: Standard Webhooks, DingTalk, Feishu. Pure."""

from __future__ import annotations

import hmac
from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from urllib.parse import quote, urlsplit, urlunsplit

PREFIX = "whsec_"


def webhook_headers(secret: str, id: str, seconds: int, body: bytes) -> dict[str, str]:
    """The headers of Standard Webhooks: HMAC-SHA256 over id, time and body, all joined by dots."""
    signed = f"{id}.{seconds}.".encode() + body
    signature = b64encode(hmac.digest(webhook_key(secret), signed, "sha256")).decode()
    return {"webhook-id": id, "webhook-timestamp": str(seconds), "webhook-signature": f"v1,{signature}"}


def webhook_key(secret: str) -> bytes:
    """The bytes of a secret: base64 behind `whsec_`, else the text itself."""
    if secret.startswith(PREFIX):
        try:
            return b64decode(secret.removeprefix(PREFIX), validate=True)
        except NotBase64:
            pass
    return secret.encode()


def dingtalk_url(url: str, secret: str, milliseconds: int) -> str:
    """The robot's address with timestamp and sign: HMAC-SHA256 of both, keyed by the secret."""
    text = f"{milliseconds}\n{secret}".encode()
    sign = quote(b64encode(hmac.digest(secret.encode(), text, "sha256")), safe="")
    parts = urlsplit(url)
    query = f"{parts.query}&timestamp={milliseconds}&sign={sign}".lstrip("&")
    return urlunsplit(parts._replace(query=query))


def feishu_sign(secret: str, seconds: int) -> dict[str, str]:
    """The fields timestamp and sign: HMAC-SHA256 of nothing, keyed by both."""
    key = f"{seconds}\n{secret}".encode()
    return {"timestamp": str(seconds), "sign": b64encode(hmac.digest(key, b"", "sha256")).decode()}
