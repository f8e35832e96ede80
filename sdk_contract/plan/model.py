"""What a tracking plan is: events, their properties, and what else the plan says of them."""

from collections.abc import Mapping
from typing import Any, Final, Literal, TypeAlias, get_args

import msgspec
from msgspec import Struct

from sdk_contract.errors import PlanError

Schema: TypeAlias = dict[str, Any]
EventType: TypeAlias = Literal["track", "identify", "page", "screen", "group"]
Unplanned: TypeAlias = Literal["allow", "warn", "reject"]
Kind: TypeAlias = Literal[
    "account", "click", "commerce", "content", "exposure", "form", "page", "search", "service", "other"
]
Action: TypeAlias = Literal["start", "field", "submit", "error", "abandon"]
PiiClass: TypeAlias = Literal[
    "email", "phone", "name", "address", "birthday", "id_number", "uscc", "card", "ip", "account", "text"
]
CleanKind: TypeAlias = Literal[
    "number", "integer", "boolean", "currency", "country", "region", "email", "phone", "text"
]

PII_CLASSES: Final = get_args(PiiClass)
CLEAN_KINDS: Final = get_args(CleanKind)
# How one value of a trait is chosen where a customer has had several; a list of sources will do too.
RESOLVE_RULES: Final = ("latest", "first", "most_frequent")
ACTIONS: Final = get_args(Action)
WITH_TRAITS: Final = ("identify", "group")


class Conversion(Struct, frozen=True, forbid_unknown_fields=True):
    """What reaching this event is worth: the properties that hold the amount and its currency."""

    value: str | None = None
    currency: str | None = None


class Form(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A form that is filled in: its fields by name (never what is typed), and what may happen to it."""

    name: str
    fields: tuple[str, ...]
    steps: tuple[str, ...] = ()
    actions: tuple[Action, ...] = ACTIONS


class Identifier(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """An id of a person or a device: where it stands (`userId`, `traits.email`, …), what it means."""

    path: str
    description: str = ""


class PlannedEvent(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """One event of the plan; `properties` is the JSON Schema of its properties or traits, {} allows any.

    `event` is a track's name, or the name of one page or screen; None: all of this type. `context` is the
    JSON Schema of its context, beside the plan's. `consent`: None: the plan's category, "": none is needed.
    """

    event: str | None = None
    type: EventType = "track"
    description: str = ""
    owner: str = ""
    since: str = ""
    kind: Kind | None = None
    consent: str | None = None
    key_event: bool = False
    conversion: Conversion | None = None
    form: Form | None = None
    properties: Schema = {}
    context: Schema = {}

    @property
    def key(self) -> tuple[str, str | None]:
        return self.type, self.event

    @property
    def title(self) -> str:
        """How people call it: the event's name, `identify`, `page 首页`."""
        if self.type == "track":
            return self.event or ""
        return self.type if self.event is None else f"{self.type} {self.event}"

    @property
    def part(self) -> str:
        """The field of an event that `properties` describes: properties or traits."""
        return "traits" if self.type in WITH_TRAITS else "properties"


class Plan(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """A tracking plan. `properties` are schemas that events may refer to as `#/$defs/<name>`."""

    version: str
    description: str = ""
    unplanned: Unplanned = "warn"
    consent: str | None = None
    context: Schema = {}
    service: Schema | None = None
    identifiers: dict[str, Identifier] = {}
    properties: dict[str, Schema] = {}
    events: tuple[PlannedEvent, ...] = ()

    def to_json(self) -> str:
        """The plan as one canonical JSON text: equal plans give equal bytes, in whatever files they stood."""
        events = tuple(sorted(self.events, key=lambda event: (event.type, event.event or "")))
        return msgspec.json.encode(msgspec.structs.replace(self, events=events), order="sorted").decode()

    @staticmethod
    def from_json(text: str | bytes) -> "Plan":
        """Reads what `to_json` wrote; raises PlanError for anything else."""
        try:
            return msgspec.json.decode(text, type=Plan)
        except msgspec.DecodeError as error:
            raise PlanError(f"tracking plan as JSON: {error}") from None

    def by_key(self) -> Mapping[tuple[str, str | None], PlannedEvent]:
        """The events by type and name."""
        return {event.key: event for event in self.events}
