"""The OpenAPI 3.1 document of a collector: made from the dialects, the structs and the closed lists. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from sdk_contract.described import Accepted, Batch, Elsewhere, Event, Refusal, Validated
from sdk_contract.dialects import Dialect, Route
from sdk_contract.verdicts import Reason, Unserved

Document = dict[str, Any]
JSON: Final = "application/json"
ANYWHERE: Final = (
    Unserved.NO_HTTP,
    Unserved.SLOW_HEAD,
    Unserved.HEAD_TOO_LARGE,
    Unserved.UNEXPECTED,
)
_REF: Final = "#/components/schemas/{name}"
_ABOUT: Final = (
    "Takes events of customers over the Segment protocol, and acknowledges them when they are on disk. "
    "A slash at the end of a path changes nothing. Every answer to a page of another origin carries CORS "
    "headers, and OPTIONS is answered with 204. A body may be packed (gzip, deflate, br, zstd), may be sent "
    "as text/plain, and is read for what it is, whatever its headers say."
)


class Shown(msgspec.Struct, frozen=True):
    """One answer of a page: what it means, and its struct or None for a text of `media`."""

    text: str
    type: Any = None
    media: str = JSON


class Page(msgspec.Struct, frozen=True):
    """What a GET is answered, by status; `token`: it wants the live token."""

    path: str
    summary: str
    answers: Mapping[int, Shown]
    token: bool = False


class Limits(msgspec.Struct, frozen=True):
    """What one request may hold: bytes of an event and of the unpacked body, events."""

    event: int
    body: int
    batch: int


def document(
    version: str, dialects: Sequence[Dialect], validate: str, pages: Sequence[Page], limits: Limits
) -> Document:
    """Gives the whole document; `validate` is the path that judges without keeping."""
    taken = [(dialect.name, route) for dialect in dialects for route in dialect.routes]
    paths: Document = {route.path: {"post": _taking(name, route)} for name, route in taken}
    paths[validate] = {"post": _validating()}
    paths |= {page.path: {"get": _page(page)} for page in pages}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Sojourn collector", "version": version, "description": _ABOUT},
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": _schemas(pages, limits),
            "responses": _refusals(dialects),
            "securitySchemes": _KEYS,
        },
    }


_KEYS: Final[Document] = {
    "basic": {"type": "http", "scheme": "basic", "description": "The write key as user name, no password."},
    "query": {"type": "apiKey", "in": "query", "name": "writeKey"},
    "live": {"type": "http", "scheme": "bearer", "description": "The live token of the data folder."},
}
_PACKED: Final[Document] = {
    "name": "Content-Encoding",
    "in": "header",
    "description": "How the body is packed.",
    "schema": {"type": "string", "enum": ["gzip", "deflate", "br", "zstd", "identity"]},
}


def _taking(dialect: str, route: Route) -> Document:
    batch = route.kind == "batch"
    summary = "Take a batch of events." if batch else f"Take one event of type {route.kind}."
    body = {"$ref": _REF.format(name="Batch" if batch else "Event")}
    return _posting(summary, dialect, f"{dialect} {route.path}", body, Accepted)


def _validating() -> Document:
    either = {"anyOf": [{"$ref": _REF.format(name=name)} for name in ("Batch", "Event")]}
    found = _posting("Judge events and keep nothing.", "validate", "validate", either, Validated)
    shown = {"name": "show", "in": "query", "schema": {"type": "string", "enum": ["stored"]}}
    found["parameters"] = [*found["parameters"], shown]
    return found


def _posting(summary: str, tag: str, name: str, body: Document, answer: type[msgspec.Struct]) -> Document:
    media = {"schema": body}
    return {
        "summary": summary,
        "operationId": name.replace("/", " ").title().replace(" ", ""),
        "tags": [tag],
        "parameters": [_PACKED],
        "security": [{"basic": []}, {"query": []}, {}],
        "requestBody": {"required": True, "content": {JSON: media, "text/plain": media}},
        "responses": {"200": _answer(Shown(str(answer.__doc__), answer)), **_refused(_of_requests())},
    }


def _page(page: Page) -> Document:
    secured: Document = {"security": [{"live": []}]} if page.token else {}
    told = {str(status): _answer(shown) for status, shown in page.answers.items()}
    elsewhere = set(ANYWHERE) | ({Unserved.UNKNOWN_TOKEN} if page.token else set())
    rest = _refused({one.status for one in elsewhere} - set(page.answers))
    return {"summary": page.summary, "tags": ["operation"], **secured, "responses": {**told, **rest}}


def _answer(shown: Shown) -> Document:
    schema = {"type": "string"} if shown.type is None else {"$ref": _REF.format(name=shown.type.__name__)}
    return {"description": shown.text, "content": {shown.media: {"schema": schema}}}


def _statuses(reason: Reason, dialects: Sequence[Dialect]) -> set[int]:
    """What a request refused for this reason is answered: a dialect may have its own way."""
    own = {dialect.refusal(reason, "").status for dialect in dialects}
    return own | {reason.status} if reason.status != 200 else set()


def _of_requests() -> set[int]:
    return {reason.status for reason in Reason if reason.status != 200} | {one.status for one in ANYWHERE}


def _refused(statuses: set[int]) -> Document:
    return {
        **{str(status): {"$ref": f"#/components/responses/Refused{status}"} for status in sorted(statuses)},
        "default": {"$ref": "#/components/responses/Elsewhere"},
    }


def _refusals(dialects: Sequence[Dialect]) -> Document:
    """A response a status, with the reasons that it can have and what they mean."""
    by_status: dict[int, list[Reason | Unserved]] = {one.status: [] for one in Unserved}
    for reason in Reason:
        for status in _statuses(reason, dialects):
            by_status.setdefault(status, []).append(reason)
    for one in Unserved:
        by_status[one.status].append(one)
    found = {f"Refused{status}": _refusal(status, reasons) for status, reasons in sorted(by_status.items())}
    text = "An address that is not there, or not with this method."
    elsewhere = {"anyOf": [{"$ref": _REF.format(name=name)} for name in ("Elsewhere", "Refusal")]}
    return {**found, "Elsewhere": {"description": text, "content": {JSON: {"schema": elsewhere}}}}


def _refusal(status: int, reasons: Sequence[Reason | Unserved]) -> Document:
    names = {"properties": {"reason": {"enum": [one.value for one in reasons]}}}
    schema = {"allOf": [{"$ref": _REF.format(name="Refusal")}, names]}
    text = " ".join(f"`{one.value}`: {one.text}" for one in reasons)
    found: Document = {"description": text, "content": {JSON: {"schema": schema}}}
    if status in (429, 503):
        seconds = {"type": "integer", "minimum": 1}
        found["headers"] = {"Retry-After": {"description": "Seconds, as measured.", "schema": seconds}}
    return found


def _schemas(pages: Sequence[Page], limits: Limits) -> Document:
    shown = [one.type for page in pages for one in page.answers.values() if one.type is not None]
    every = [Event, Batch, Accepted, Validated, Refusal, Elsewhere, *dict.fromkeys(shown)]
    _, schemas = msgspec.json.schema_components(every, ref_template=_REF)
    found: Document = dict(schemas)
    found["Event"]["description"] += f" At most {limits.event} bytes."
    found["Batch"]["description"] += f" At most {limits.body} bytes, unpacked."
    found["Batch"]["properties"]["batch"]["maxItems"] = limits.batch
    return found
