"""What the delivering program can be told: one frozen struct, one line a setting."""

from typing import Annotated

from msgspec import Meta, Struct


class DeliverSettings(Struct, frozen=True, kw_only=True):
    """Settings of `sojourn deliver`; each is read from SOJOURN_<NAME>. Times are seconds."""

    data: Annotated[str, Meta(description="Folder that holds the journal, the lake and the registry.")] = (
        "sojourn-data"
    )
    collector_url: Annotated[str, Meta(description="Where actions are told to the timelines.")] = (
        "http://127.0.0.1:8000"
    )
    tls_certificate: Annotated[str, Meta(description="PEM file of the collector's certificate.")] = ""
    action_hosts: Annotated[
        str,
        Meta(
            description="Hosts and networks (CIDR), by commas, that actions may go to though not public, "
            "also over http. Else they go to public addresses over https only."
        ),
    ] = ""
    action_timeout: Annotated[float, Meta(gt=0, description="Seconds that a destination has to answer.")] = (
        10.0
    )
    action_retry: Annotated[
        float,
        Meta(gt=0, description="Seconds before the first retry, about; each next one waits twice as long."),
    ] = 5.0
    action_retry_most: Annotated[float, Meta(gt=0, description="Seconds between two retries, at most.")] = (
        3600.0
    )
    action_give_up: Annotated[
        float, Meta(ge=60, description="Seconds of trying after which an action becomes a dead letter.")
    ] = 259_200.0
    action_together: Annotated[
        int, Meta(ge=1, le=256, description="Messages that are under way to one destination at a time.")
    ] = 8
