"""A set of session rules. What other tools count is the same events under another set: see `presets`."""

from __future__ import annotations

from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

MINUTE, HOUR = 60, 3_600


class SessionRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When a visit of a device ends. Times are seconds; None or False: the rule is not in use."""

    name: Annotated[str, Meta(description="What people call this set.")] = "sojourn"
    gap: Annotated[float, Meta(gt=0, description="A visit ends when this time passes without an event.")] = (
        30 * MINUTE
    )
    mobile_gap: (
        Annotated[float, Meta(gt=0, description="The same for apps on phones and tablets; null: as `gap`.")]
        | None
    ) = None
    lone_gap: (
        Annotated[
            float, Meta(gt=0, description="The same while the visit has one event only; null: as `gap`.")
        ]
        | None
    ) = None
    at_gap: Annotated[bool, Meta(description="A pause of exactly the gap ends a visit too.")] = False
    whole_minutes: Annotated[
        bool, Meta(description="Pauses are counted in whole minutes, what is over is left out.")
    ] = False
    day_of: Annotated[
        str | None, Meta(description="Time zone at whose midnight a visit ends, such as Asia/Shanghai.")
    ] = None
    user: Annotated[bool, Meta(description="A user other than the visit's user so far begins a new one.")] = (
        False
    )
    campaign: Annotated[bool, Meta(description="A campaign other than the last one begins a new visit.")] = (
        False
    )
    referrer: Annotated[bool, Meta(description="A page opened from another site begins a new visit.")] = False
    longest: (
        Annotated[float, Meta(gt=0, description="A visit ends this long after it began, whatever happens.")]
        | None
    ) = None
    ends_after: Annotated[
        tuple[str, ...], Meta(description="Events after which a visit ends, such as a payment.")
    ] = ()
    counts: Annotated[
        Literal["all", "pages"], Meta(description="Events that make a visit and keep it alive.")
    ] = "all"
    ignores: Annotated[
        tuple[str, ...],
        Meta(description="Events that make no visit and keep none alive, such as heartbeats of an idle tab."),
    ] = ()
    bots: Annotated[bool, Meta(description="Bots make visits too; otherwise they are kept apart.")] = False
    servers: Annotated[
        bool,
        Meta(description="So does what a server's library sent without naming a device."),
    ] = False
    needs_page: Annotated[
        bool, Meta(description="Without a page or screen there is no visit, whatever else happened.")
    ] = False
    sdk_sessions: Annotated[
        bool,
        Meta(description="Events that carry a session id of their SDK are cut by it alone."),
    ] = False

    @property
    def kept(self) -> bool:
        """Whether sessions can be kept by these rules, run after run.

        Not where a late event can join what is further apart than any pause.
        """
        return not (self.sdk_sessions or self.needs_page)

    @property
    def resumable(self) -> bool:
        """Whether a session's row says all that is needed to go on from it."""
        splits = self.campaign or self.referrer or self.ends_after
        return not (splits or (self.user and (self.longest or self.lone_gap)))

    @property
    def widest_gap(self) -> float:
        """The longest pause that can lie within a visit: what is further apart never touches."""
        return max(self.gap, self.mobile_gap or 0.0) + (MINUTE if self.whole_minutes else 0)


OURS: Final = SessionRules(user=True, servers=True)
