"""Every setting of the collector: one frozen struct, one line a setting.

`event_limit` is read from `SOJOURN_EVENT_LIMIT`. Sizes are bytes (or "8MiB"), durations seconds (or "500ms").
"""

from collections.abc import Collection, Mapping
from pathlib import Path
from re import sub
from typing import Annotated

import msgspec
from msgspec import Meta

from sdk_contract import settings as contract
from sdk_contract.web.snippet import PATH

KiB, MiB = 1024, 1024 * 1024


class CollectorSettings(msgspec.Struct, frozen=True):
    data: Annotated[str, Meta(description="Folder of all data.")] = "sojourn-data"
    node: Annotated[str, Meta(description="Name of this machine in segment names; empty: the host name.")] = (
        ""
    )
    host: Annotated[str, Meta(description="Address the collector listens on.")] = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65535, description="Port the collector listens on.")] = 8000
    tls_certificate: Annotated[
        str, Meta(description="PEM file of the certificate, for https; empty: http. Read again at SIGHUP.")
    ] = ""
    tls_key: Annotated[str, Meta(description="PEM file of the certificate's private key.")] = ""
    workers: Annotated[int, Meta(ge=1, le=64, description="Number of collector processes.")] = 1
    cpu_affinity: Annotated[
        bool,
        Meta(description="Each worker has a processor core of its own, the other programs share the rest."),
    ] = False
    landing: Annotated[
        str,
        Meta(description="Where Parquet goes: folder or s3://bucket/prefix; empty: landing/ in the data."),
    ] = ""
    geo: Annotated[
        str,
        Meta(description="Database of places (.mmdb); empty: the shipped one of countries; off: none."),
    ] = ""
    visitor_cookie: Annotated[
        str, Meta(description="Name of the first-party cookie with an id of the browser; empty: none is set.")
    ] = ""
    visitor_days: Annotated[
        int, Meta(ge=1, le=400, description="Days that a browser keeps the cookie after its last request.")
    ] = 365
    visitor_domain: Annotated[
        str, Meta(description="Domain of the cookie, such as example.com; empty: the collector's host alone.")
    ] = ""
    trusted_proxies: Annotated[
        str, Meta(description="Networks (CIDR, commas) whose X-Forwarded-For is believed.")
    ] = ""
    sdk_path: Annotated[
        str, Meta(description="Path of the web SDK, such as /tea.js; it takes events there as well.")
    ] = PATH
    event_limit: Annotated[int, Meta(ge=256, description="Bytes of one event.")] = 32 * KiB
    body_limit: Annotated[int, Meta(ge=1024, description="Bytes of one request body, unpacked.")] = 10 * MiB
    ratio_limit: Annotated[int, Meta(ge=2, description="Unpacked bytes for each compressed byte.")] = 200
    batch_limit: Annotated[int, Meta(ge=1, description="Events in one request.")] = 2_000
    body_seconds: Annotated[float, Meta(gt=0, description="Time a client has to send its body.")] = 10.0
    head_limit: Annotated[int, Meta(ge=1024, description="Bytes of the head of a request.")] = 32 * KiB
    head_seconds: Annotated[float, Meta(gt=0, description="Time a client has to send a head.")] = 10.0
    idle_seconds: Annotated[
        float, Meta(gt=0, description="Time that a connection may stay open without a request.")
    ] = 75.0
    inflight_bytes: Annotated[
        int, Meta(ge=MiB, description="Bytes of requests that a worker handles at once.")
    ] = 64 * MiB
    queue_seconds: Annotated[
        float,
        Meta(gt=0, description="Time that a request may wait for the journal; longer: 429 or 503 at once."),
    ] = 1.0
    connections: Annotated[
        int, Meta(ge=1, description="Connections that a worker keeps open; more: 503 at once.")
    ] = 4_096
    key_rate: Annotated[
        float,
        Meta(
            ge=0, description="Events a second for each write key that has no rate of its own; 0: no limit."
        ),
    ] = 0.0
    device_rate: Annotated[
        float,
        Meta(ge=0, description="Events a second for each device (else user) of a write key; 0: no limit."),
    ] = 0.0
    quarantine_bytes: Annotated[
        int, Meta(ge=0, description="Bytes of unreadable bodies kept for each write key and hour.")
    ] = 16 * MiB
    segment_age: Annotated[float, Meta(gt=0, description="A journal segment is sealed at this age.")] = 2.0
    segment_bytes: Annotated[
        int, Meta(ge=4 * KiB, description="A journal segment is sealed at this size.")
    ] = 8 * MiB
    backlog_limit: Annotated[int, Meta(ge=MiB, description="Bytes of unpublished journal; above: 503.")] = (
        8 * 1024 * MiB
    )
    disk_watermark: Annotated[float, Meta(gt=0, le=1, description="Full part of the disk; above: 503.")] = (
        0.85
    )
    unpublished_age: Annotated[
        float, Meta(gt=0, description="Age of the oldest unpublished segment; above: not ready.")
    ] = 60.0
    fsync_limit: Annotated[
        float, Meta(gt=0, description="Time of a journal fdatasync, p99 of a minute; above: not ready.")
    ] = 1.0
    drain_seconds: Annotated[
        float, Meta(gt=0, description="Time a worker has to answer what is in flight.")
    ] = 2.5
    live_buffer: Annotated[
        int, Meta(ge=1, description="Events kept for one slow reader of the live view.")
    ] = 1_000

    @property
    def folder(self) -> Path:
        return Path(self.data)

    @property
    def journal(self) -> Path:
        return self.folder / "journal"

    @property
    def registry(self) -> Path:
        return self.folder / "registry.sqlite"

    @property
    def secrets(self) -> Path:
        return self.folder / "secrets"

    @property
    def run(self) -> Path:
        return self.folder / "run"

    @property
    def quotas(self) -> Path:
        return self.run / "quotas"

    @property
    def devices(self) -> Path:
        return self.run / "devices"

    @property
    def metrics(self) -> Path:
        return self.run / "metrics"

    @property
    def landing_url(self) -> str:
        return self.landing or str(self.folder / "landing")


def load(env: Mapping[str, str], known: Collection[str] = ()) -> CollectorSettings:
    """Settings from the environment; Terminal where a variable is unknown or its value is bad."""
    return contract.load(CollectorSettings, env, known)


def node_name(settings: CollectorSettings, hostname: str) -> str:
    """Name of this machine, fit for a file name: letters, digits and dashes, 40 at most."""
    return sub(r"[^a-z0-9]+", "-", (settings.node or hostname).lower()).strip("-")[:40] or "node"


def pid_file(run: Path, worker: str) -> Path:
    """Where a worker that serves leaves its pid."""
    return run / f"{worker}.pid"


def worker_name(node: str, number: int) -> str:
    return f"{node}-w{number}"
