"""What `/openapi.json` says: the routes of the native protocol, and the pages for people and monitors."""

from functools import cache
from importlib.metadata import version
from typing import Final, Literal

import msgspec

from collector.door import Ready
from collector.settings import CollectorSettings
from collector.validate import PATH
from collector.websdk import TYPE
from sdk_contract.dialects.segment import SEGMENT
from sdk_contract.openapi import Limits, Page, Shown, document

METRICS: Final = "text/plain; version=0.0.4; charset=utf-8"
STREAM: Final = "text/event-stream"


class Health(msgspec.Struct, frozen=True):
    """The process is up; nothing more."""

    status: Literal["ok"]
    worker: str


class OpenApi(msgspec.Struct, frozen=True):
    """An OpenAPI document."""

    openapi: str


PAGES: Final = (
    Page("/health", "Is the process up?", {200: Shown("It is.", Health)}),
    Page(
        "/ready",
        "Could an event be accepted and published now?",
        {200: Shown("It could.", Ready), 503: Shown("It could not; `reasons` says why.", Ready)},
    ),
    Page("/metrics", "Metrics of all workers, for Prometheus.", {200: Shown("Metrics.", None, METRICS)}),
    Page("/live", "New events as they come.", {200: Shown("Server-sent events.", None, STREAM)}, token=True),
    Page("/openapi.json", "This document.", {200: Shown("OpenAPI 3.1.", OpenApi)}),
)


@cache
def described(limits: Limits, sdk_path: str) -> bytes:
    """The document as JSON."""
    pages = (*PAGES, Page(sdk_path, "The web SDK.", {200: Shown("A script for pages.", None, TYPE.decode())}))
    return msgspec.json.encode(document(version("sojourn"), [SEGMENT], PATH, pages, limits))


def limits_of(settings: CollectorSettings) -> Limits:
    return Limits(settings.event_limit, settings.body_limit, settings.batch_limit)
