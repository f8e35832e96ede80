"""What is sent: a rule, its destination and an entry, made into one HTTP request. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec

from warehouse.actions.errors import BadAction
from warehouse.actions.rules import Destination, Rule
from warehouse.actions.signing import dingtalk_url, feishu_sign, webhook_headers
from warehouse.actions.templates import fill, render
from warehouse.registry.actions import Entry
from warehouse.times import iso

AGENT: Final = "Sojourn-Actions"
MARK: Final = "sojourn-action"
_JSON: Final = {"content-type": "application/json; charset=utf-8", "user-agent": AGENT}
_LONGEST_OF_WECOM: Final = 4_096


class Request(msgspec.Struct, frozen=True):
    """One HTTP request; its text never shows in logs, since it may hold secrets."""

    method: str
    url: str
    headers: dict[str, str]
    body: bytes


def told(entry: Entry, rule: Rule) -> dict[str, Any]:
    """What templates may name."""
    data: dict[str, Any] = msgspec.json.decode(entry.data)
    about = {"id": entry.id, "rule": rule.name, "version": entry.version, "project": entry.project}
    return {**data, "action": {**about, "description": rule.description}}


def request_of(to: Destination, rule: Rule, entry: Entry, secrets: Mapping[str, str], now: int) -> Request:
    """The request. BadAction where a template cannot be filled in. `now`: µs UTC."""
    return _KINDS[to.kind](to, rule, entry, secrets, now)


def _webhook(to: Destination, rule: Rule, entry: Entry, secrets: Mapping[str, str], now: int) -> Request:
    """The body is the same at every try: what differs is when it was signed."""
    known = told(entry, rule)
    said = known if rule.message.body is None else fill(rule.message.body, known)
    body = _encoded({"type": "action", "timestamp": iso(entry.found_at), "data": said})
    signed = webhook_headers(secrets["secret"], entry.id, now // 1_000_000, body)
    return Request("POST", _url(to.url, known), {**_JSON, **_marks(entry), **signed}, body)


def _rest(to: Destination, rule: Rule, entry: Entry, secrets: Mapping[str, str], now: int) -> Request:
    known = told(entry, rule)
    headers = {name.lower(): render(text, known) for name, text in to.said.get("headers", {}).items()}
    for name, value in secrets.items():
        headers[name.removeprefix("header ").lower()] = value
    if any("\n" in value or "\r" in value for value in headers.values()):
        raise BadAction("a header would have more than one line")
    said = rule.message.body if rule.message.body is not None else to.said.get("body", {})
    body = _encoded(fill(said, known))
    return Request(
        to.said.get("method", "POST"), _url(to.url, known), {**_JSON, **_marks(entry), **headers}, body
    )


def _wecom(to: Destination, rule: Rule, entry: Entry, secrets: Mapping[str, str], now: int) -> Request:
    text = render(rule.message.text, told(entry, rule))
    cut = text.encode()[:_LONGEST_OF_WECOM].decode(errors="ignore")
    body = {"msgtype": "markdown", "markdown": {"content": cut}}
    return Request("POST", secrets["url_secret"], _JSON, _encoded(body))


def _dingtalk(to: Destination, rule: Rule, entry: Entry, secrets: Mapping[str, str], now: int) -> Request:
    known = told(entry, rule)
    title = render(rule.message.subject, known) or rule.name
    body = {"msgtype": "markdown", "markdown": {"title": title, "text": render(rule.message.text, known)}}
    url = secrets["url_secret"]
    if "secret" in secrets:
        url = dingtalk_url(url, secrets["secret"], now // 1_000)
    return Request("POST", url, _JSON, _encoded(body))


def _feishu(to: Destination, rule: Rule, entry: Entry, secrets: Mapping[str, str], now: int) -> Request:
    sign = feishu_sign(secrets["secret"], now // 1_000_000) if "secret" in secrets else {}
    text = render(rule.message.text, told(entry, rule))
    return Request(
        "POST",
        secrets["url_secret"],
        _JSON,
        _encoded({**sign, "msg_type": "text", "content": {"text": text}}),
    )


def _marks(entry: Entry) -> dict[str, str]:
    return {"idempotency-key": entry.id, MARK: entry.id}


def _url(text: str, known: Mapping[str, Any]) -> str:
    """The address filled in; what customers say of themselves must not lead to another host."""
    made = render(text, known)
    if urlsplit(made)[:2] != urlsplit(text)[:2] or any(letter.isspace() for letter in made):
        raise BadAction("the address would be another; values in it need the filter `urlencode`")
    return made


def _encoded(said: Any) -> bytes:
    return msgspec.json.encode(said)


_KINDS: Final = {
    "webhook": _webhook,
    "rest": _rest,
    "wecom": _wecom,
    "dingtalk": _dingtalk,
    "feishu": _feishu,
}
