"""What the sessionizer can be told: one frozen struct, one line a setting."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta


class SessionizerSettings(msgspec.Struct, frozen=True):
    """Settings of `sojourn sessionize`; each is read from SOJOURN_<NAME>. Times are seconds."""

    data: Annotated[str, Meta(description="Folder that holds the journal, the lake and the registry.")] = (
        "sojourn-data"
    )
    poll_every: Annotated[float, Meta(gt=0, description="Seconds between looks at landing while idle.")] = (
        0.25
    )
    stitch_every: Annotated[
        float, Meta(ge=0, description="Seconds between two runs that stitch new events, at least.")
    ] = 2.0
    stitch_share: Annotated[
        float, Meta(gt=0, le=1, description="Part of the writer's time that stitching may take.")
    ] = 0.25
    stitch_rows: Annotated[
        int, Meta(ge=1, description="load_seq stitched in one run; a backlog goes in such slices.")
    ] = 200_000
    session_rules: Annotated[
        str, Meta(description="Rules by which sessions are cut: a name of `sojourn sessions rules`.")
    ] = "sojourn"
    identity_rules: Annotated[
        str, Meta(description="File (YAML or JSON) that changes the rules by which ids become customers.")
    ] = ""
    attribute_rule: Annotated[
        Literal["latest", "first", "most_frequent"],
        Meta(description="How a customer's attribute is chosen where the tracking plan does not say."),
    ] = "latest"
    probable_identity: Annotated[
        bool,
        Meta(description="Look for customers that are probably one person; what is certain stays as it is."),
    ] = False
    probable_threshold: Annotated[
        float, Meta(gt=0.5, lt=1, description="Confidence from which on a probable edge joins two customers.")
    ] = 0.95
    probable_every: Annotated[
        float, Meta(ge=0, description="Seconds between two such looks; 0: only when asked.")
    ] = 86_400.0
    tags_every: Annotated[
        float, Meta(ge=0, description="Seconds between two evaluations of tags, at least.")
    ] = 10.0
    tags_share: Annotated[
        float, Meta(gt=0, le=1, description="Part of the writer's time that evaluating tags may take.")
    ] = 0.1
    actions_every: Annotated[
        float, Meta(ge=0, description="Seconds between two looks for who enters an action, at least.")
    ] = 2.0
    commands_every: Annotated[
        float, Meta(ge=0, description="Seconds between looks for commands that others filed.")
    ] = 1.0
    upkeep_every: Annotated[
        float,
        Meta(ge=0, description="Seconds after which upkeep gets a slice even where there is a backlog."),
    ] = 10.0
    books_every: Annotated[
        float, Meta(gt=0, description="Seconds between two counts of the books, which /metrics tells.")
    ] = 60.0
    watch_every: Annotated[
        float, Meta(gt=0, description="Seconds between two looks at a watch, at least.")
    ] = 60.0
    erase_grace: Annotated[
        float,
        Meta(ge=0, description="Seconds for which running queries keep files that held erased people."),
    ] = 300.0
    books_hours: Annotated[
        int, Meta(ge=1, description="Hours that such a count looks back; `sojourn check` counts everything.")
    ] = 3
