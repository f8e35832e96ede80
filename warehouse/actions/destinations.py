"""Where actions go, as people write it: an address, the names of secrets, and what a kind needs beside.

A secret never stands in the text: `secret: NAME` names one that `sojourn action secret NAME` keeps, and
`env:NAME` a variable of the delivering program.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec

from warehouse.actions import templates
from warehouse.actions.errors import BadAction
from warehouse.actions.rules import Destination

# Messages a minute: what the robots' own documents allow.
RATES: Final = {"webhook": 0.0, "email": 0.0, "wecom": 20.0, "dingtalk": 20.0, "feishu": 100.0, "rest": 0.0}
_NAME: Final = re.compile(r"\w[\w .-]{0,59}")
_SECRET: Final = re.compile(r"(env:)?[A-Za-z_][A-Za-z0-9_.-]{0,59}")
_ALWAYS: Final = {"kind", "rate"}
_ALSO: Final = {
    "webhook": {"url", "secret"},
    "email": {"server", "port", "user", "password", "from", "starttls", "address", "unsubscribe"},
    "wecom": {"url_secret"},
    "dingtalk": {"url_secret", "secret"},
    "feishu": {"url_secret", "secret"},
    "rest": {"url", "method", "headers", "header_secrets", "body"},
}
_NEEDED: Final = {
    "webhook": ("url", "secret"),
    "email": ("server", "from"),
    "wecom": ("url_secret",),
    "dingtalk": ("url_secret",),
    "feishu": ("url_secret",),
    "rest": ("url",),
}
_METHODS: Final = ("POST", "PUT", "PATCH")
_HEADER: Final = re.compile(r"[A-Za-z0-9-]{1,60}")


def read_destination(name: str, said: Any) -> Destination:
    """One destination of what YAML or JSON holds of it. BadAction names it, the value and what would do."""
    if not _NAME.fullmatch(name):
        raise BadAction(
            f"destination {name[:80]!r}: 1 to 60 letters, digits, blanks, _ - and . would do as a name"
        )
    try:
        return _destination(name, said)
    except BadAction as error:
        raise BadAction(f"destination {name!r}: {error}") from None


def _destination(name: str, said: Any) -> Destination:
    kind = said.get("kind") if isinstance(said, dict) else None
    if kind not in _ALSO:
        raise BadAction(f"kind {str(kind)[:40]!r} will not do; {', '.join(_ALSO)} would")
    if strange := set(said) - _ALSO[kind] - _ALWAYS:
        raise BadAction(
            f"{min(strange)[:60]!r} is not known of {kind}; {', '.join(sorted(_ALSO[kind]))} would do"
        )
    if missing := [one for one in _NEEDED[kind] if not said.get(one)]:
        raise BadAction(f"{missing[0]} is missing")
    if "url" in said:
        _check_url(said["url"])
    _CHECKS.get(kind, lambda _: None)(said)
    return Destination(
        name=name,
        kind=kind,
        url=said.get("url", ""),
        secrets=_secrets(said),
        rate=_rate(said.get("rate", RATES[kind])),
        said=said,
        text=msgspec.json.encode(said, order="deterministic").decode(),
    )


def host_of(destination: Destination) -> str:
    """What may be shown of its address: the host alone, since the rest may be a secret."""
    if destination.kind == "email":
        return str(destination.said["server"])
    if not destination.url:
        return {"wecom": "qyapi.weixin.qq.com", "dingtalk": "oapi.dingtalk.com", "feishu": "open.feishu.cn"}[
            destination.kind
        ]
    return urlsplit(destination.url).hostname or ""


def _check_url(said: Any) -> None:
    parts = urlsplit(said) if isinstance(said, str) else None
    if parts is None or parts.scheme not in ("https", "http") or not parts.hostname or "{" in parts.netloc:
        raise BadAction(f"url {str(said)[:60]!r} is no address; https://host/path would do")
    if parts.username or parts.password:
        raise BadAction("url holds a password; a secret of its own would do")
    templates.check("url", said)


def _check_email(said: Mapping[str, Any]) -> None:
    port = said.get("port", 587)
    if not isinstance(port, int) or not 0 < port < 65536:
        raise BadAction(f"port {str(port)[:20]!r} is no port; 587 would do")
    if not isinstance(said["from"], str) or "@" not in said["from"] or "\n" in said["from"]:
        raise BadAction(f"from {str(said['from'])[:60]!r} is no address; 'Shop <news@example.com>' would do")
    for part in ("unsubscribe", "address", "user", "server"):
        if not isinstance(said.get(part, ""), str):
            raise BadAction(f"{part} is no text")
    if not isinstance(said.get("starttls", True), bool):
        raise BadAction("starttls is neither true nor false")
    templates.check("unsubscribe", said.get("unsubscribe", ""))


def _check_rest(said: Mapping[str, Any]) -> None:
    if said.get("method", "POST") not in _METHODS:
        raise BadAction(f"method {str(said['method'])[:20]!r} will not do; {', '.join(_METHODS)} would")
    for part in ("headers", "header_secrets"):
        given = said.get(part, {})
        fine = isinstance(given, dict) and all(
            _HEADER.fullmatch(str(key)) and isinstance(value, str) for key, value in given.items()
        )
        if not fine:
            raise BadAction(f"{part} is no mapping of names of headers to texts")
    templates.check_all("headers", said.get("headers", {}))
    templates.check_all("body", said.get("body", {}))


_CHECKS: Final = {"email": _check_email, "rest": _check_rest}


def _secrets(said: Mapping[str, Any]) -> dict[str, str]:
    found = {part: said[part] for part in ("secret", "url_secret", "password") if part in said}
    found |= {f"header {name}": value for name, value in said.get("header_secrets", {}).items()}
    for part, name in found.items():
        if not isinstance(name, str) or not _SECRET.fullmatch(name):
            raise BadAction(
                f"{part}: {str(name)[:10]!r}… is no name of a secret; `sojourn action secret NAME` keeps one,"
                " and env:NAME is a variable"
            )
    return found


def _rate(said: Any) -> float:
    if isinstance(said, bool) or not isinstance(said, int | float) or not 0 <= said <= 100_000:
        raise BadAction(f"rate {str(said)[:20]!r} will not do; messages a minute, 0 for no limit, would")
    return float(said)
