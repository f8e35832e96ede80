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
    console_reveals: Annotated[
        int, Meta(ge=0, description="Masked fields that one user may be shown in an hour.")
    ] = 30
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
    console_url: Annotated[
        str, Meta(description="Where browsers reach the console, for single sign-on; empty: as it was asked.")
    ] = ""
    sso_issuer: Annotated[
        str, Meta(description="Issuer (https://…) of the OpenID Connect provider; empty: passwords alone.")
    ] = ""
    sso_client: Annotated[str, Meta(description="Client id that the provider gave this console.")] = ""
    sso_secret: Annotated[
        Secret | None, Meta(description="Client secret that the provider gave; none for a public client.")
    ] = None
    sso_secret_file: Annotated[str, Meta(description="File that holds the client secret instead.")] = ""
    sso_scopes: Annotated[str, Meta(description="Scopes that are asked of the provider.")] = (
        "openid email profile"
    )
    sso_claim: Annotated[str, Meta(description="Claim whose values give a role.")] = "groups"
    sso_roles: Annotated[
        str, Meta(description="VALUE=ROLE by commas: what values of the claim give; the first that fits.")
    ] = ""
    sso_role: Annotated[str, Meta(description="Role of whom no value fits; empty: they are not let in.")] = ""
    sso_domains: Annotated[
        str, Meta(description="Domains (commas) of verified e-mail addresses that are let in; empty: any.")
    ] = ""
    sso_only: Annotated[bool, Meta(description="Nobody signs in by a password.")] = False
    sso_create: Annotated[bool, Meta(description="Users are made at their first single sign-on.")] = True
    sso_adopt: Annotated[
        bool, Meta(description="A user named by somebody's verified e-mail address becomes theirs.")
    ] = False
