"""What goes over the wire of the native protocol, as structs: the OpenAPI document is made from them.

The door itself reads and writes these shapes faster than by these structs; tests compare the two.
"""

from typing import Annotated, Any, Literal, TypeAlias

import msgspec
from msgspec import Meta

from sdk_contract.events import Id
from sdk_contract.verdicts import Reason, Unserved, Verdict

Object: TypeAlias = dict[str, Any]
Time: TypeAlias = str | int | float | None
Type: TypeAlias = Literal["track", "page", "screen", "identify", "group", "alias"]


class Event(msgspec.Struct, rename="camel", omit_defaults=True):
    """One event. What is not listed is kept as well."""

    type: Annotated[
        Type | None, Meta(description="What it is; the routes of one type need none of their own.")
    ] = None
    message_id: Annotated[
        Id, Meta(description="Id of the event; the same id within 7 days is the same event.")
    ] = None
    user_id: Annotated[Id, Meta(description="The customer's id in the sender's system.")] = None
    anonymous_id: Annotated[Id, Meta(description="The device's id; this or userId is needed.")] = None
    group_id: Annotated[Id, Meta(description="Account or organisation; `group` needs it.")] = None
    previous_id: Annotated[Id, Meta(description="The id that the user had before; `alias` needs it.")] = None
    event: Annotated[str | None, Meta(description="Name of the event; `track` needs it.")] = None
    name: Annotated[str | None, Meta(description="Name of a page or screen.")] = None
    category: Annotated[str | None, Meta(description="Category of a page or screen.")] = None
    properties: Annotated[Object | None, Meta(description="What is said of the event.")] = None
    traits: Annotated[Object | None, Meta(description="What is said of the user or group.")] = None
    context: Annotated[Object | None, Meta(description="Page, campaign, device, library, consent.")] = None
    integrations: Annotated[Object | None, Meta(description="Kept as sent.")] = None
    timestamp: Annotated[Time, Meta(description="When it happened: ISO 8601, or a count since 1970.")] = None
    original_timestamp: Annotated[Time, Meta(description="When it happened by the device's clock.")] = None
    sent_at: Annotated[Time, Meta(description="When it was sent, by the device's clock.")] = None
    write_key: Annotated[
        str | None, Meta(description="The write key, where neither header nor query has it.")
    ] = None


class Batch(msgspec.Struct, rename="camel", omit_defaults=True):
    """Events in one request."""

    batch: list[Event]
    write_key: Annotated[
        str | None, Meta(description="The write key, where neither header nor query has it.")
    ] = None
    sent_at: Annotated[Time, Meta(description="When it was sent, by the device's clock.")] = None
    context: Annotated[Object | None, Meta(description="For events that have none of their own.")] = None


class Entry(msgspec.Struct, forbid_unknown_fields=True):
    """What became of one event."""

    index: Annotated[int, Meta(ge=0, description="Its number in the request, from 0.")]
    message_id: Annotated[str, Meta(description="Its id, as sent or as given here.")]
    verdict: Verdict
    reason: Reason | None = None
    pointer: Annotated[str | None, Meta(description="JSON pointer to what is wrong in the event.")] = None
    expected: Annotated[str | None, Meta(description="What would do there.")] = None


class Accepted(msgspec.Struct, forbid_unknown_fields=True):
    """The request was taken; every event has its verdict."""

    success: Literal[True]
    accepted: Annotated[int, Meta(ge=0, description="Events neither rejected nor filtered.")]
    rejected: Annotated[int, Meta(ge=0)]
    verdicts: Annotated[list[Entry], Meta(description="One an event, in order.")]


class Validated(Accepted, forbid_unknown_fields=True):
    """What would become of the events; nothing was kept."""

    stored: Literal[False]
    plan: Annotated[str | None, Meta(description="Version of the tracking plan that judged.")] = None
    privacy: Annotated[str | None, Meta(description="Privacy policy that treated the events.")] = None
    events: Annotated[list[Any] | None, Meta(description="What would be kept, with ?show=stored.")] = None


class Refusal(msgspec.Struct, forbid_unknown_fields=True):
    """The whole request was refused."""

    success: Literal[False]
    reason: Annotated[str, Meta(description="One of the closed list; which ones, the answer says.")]
    error: Annotated[str, Meta(description="More, for people.")]
    code: Annotated[str, Meta(description="`reason`, for the SDKs that look for it here.")] = ""
    message: Annotated[str, Meta(description="`error`, for the SDKs that look for it here.")] = ""


class Elsewhere(msgspec.Struct, forbid_unknown_fields=True):
    """There is no such address."""

    success: Literal[False]
    reason: Unserved
    error: str
    exists: Annotated[list[str], Meta(description="The addresses that there are.")]
