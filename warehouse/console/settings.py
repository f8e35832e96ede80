"""What the console can be told: one frozen struct, one line a setting."""

from typing import Annotated

from msgspec import Meta, Struct

from sdk_contract.settings import Secret
from sdk_contract.web.snippet import PATH


class ConsoleSettings(Struct, frozen=True, kw_only=True):
    """Settings of `sojourn console`; each is read from SOJOURN_ and its name in capitals."""

    data: Annotated[str, Meta(description="Folder that holds the journal, the lake and the registry.")] = (
        "sojourn-data"
    )
    console_host: Annotated[str, Meta(description="Address the console listens on.")] = "127.0.0.1"
    console_port: Annotated[
        int, Meta(ge=0, le=65535, description="Port the console listens on; 0 takes a free one.")
    ] = 8001
    tls_certificate: Annotated[
        str, Meta(description="PEM file of the certificate, for https; empty: http.")
    ] = ""
    tls_key: Annotated[str, Meta(description="PEM file of the certificate's private key.")] = ""
    console_open: Annotated[bool, Meta(description="Nobody signs in: for a demo, on loopback only.")] = False
    console_password: Annotated[
        Secret | None,
        Meta(
            description="Password of the user admin, who is made at the first start; one is made up if empty."
        ),
    ] = None
    sql_seconds: Annotated[
        float, Meta(gt=0, description="Seconds that a statement of the SQL page may take.")
    ] = 30.0
    console_seconds: Annotated[
        float, Meta(gt=0, description="Seconds that a question of a page or of the API may take.")
    ] = 60.0
    console_names: Annotated[
        str, Meta(description="Further host names the console answers to, by commas.")
    ] = ""
    collector_url: Annotated[str, Meta(description="Where the console reaches the collector.")] = (
        "http://127.0.0.1:8000"
    )
    sdk_path: Annotated[str, Meta(description="Path of the web SDK at the collector.")] = PATH
    trusted_proxies: Annotated[
        str, Meta(description="Networks (CIDR, commas) whose X-Forwarded-Host and -Proto are believed.")
    ] = ""
    collector_public_url: Annotated[
        str,
        Meta(
            description="Where browsers and SDKs reach the collector, when that differs from collector_url."
        ),
    ] = ""
