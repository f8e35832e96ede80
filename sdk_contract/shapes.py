"""The native protocol as types: what an SDK may send, one struct for each type of event, and the batch.

For those who make events, and for what is written about them. The door reads more forgivingly than this
(absent, null and "" alike, odd fields kept aside), see `events.inspect`.
"""

from typing import Any, TypeAlias

from msgspec import Struct

Identifier: TypeAlias = str | int
Time: TypeAlias = str | int


class Sent(Struct, frozen=True, kw_only=True, rename="camel", tag_field="type", omit_defaults=True):
    """What every event may have; it needs a user id or an anonymous id. Times: ISO 8601, or ms since 1970."""

    message_id: Identifier | None = None
    user_id: Identifier | None = None
    anonymous_id: Identifier | None = None
    timestamp: Time | None = None
    context: dict[str, Any] | None = None
    integrations: dict[str, Any] | None = None


class Track(Sent, frozen=True, kw_only=True, tag="track"):
    """A person did something."""

    event: str
    properties: dict[str, Any] | None = None


class Page(Sent, frozen=True, kw_only=True, tag="page"):
    """A person saw a page of a site."""

    name: str | None = None
    category: str | None = None
    properties: dict[str, Any] | None = None


class Screen(Sent, frozen=True, kw_only=True, tag="screen"):
    """A person saw a screen of an app."""

    name: str | None = None
    category: str | None = None
    properties: dict[str, Any] | None = None


class Identify(Sent, frozen=True, kw_only=True, tag="identify"):
    """The person is this user, and has these traits."""

    traits: dict[str, Any] | None = None


class Group(Sent, frozen=True, kw_only=True, tag="group"):
    """The person belongs to this group, which has these traits."""

    group_id: Identifier
    traits: dict[str, Any] | None = None


class Alias(Sent, frozen=True, kw_only=True, tag="alias"):
    """Two ids are the same person."""

    previous_id: Identifier
    user_id: Identifier


AnyEvent: TypeAlias = Track | Page | Screen | Identify | Group | Alias


class Batch(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """The body of /v1/batch. `context` is for events that have none."""

    batch: list[AnyEvent]
    sent_at: Time | None = None
    write_key: str | None = None
    context: dict[str, Any] | None = None
