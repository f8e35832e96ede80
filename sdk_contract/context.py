"""The parts of an event's context that become columns; a part of a wrong type counts as absent."""

from typing import Any, Final, NamedTuple, TypeVar, get_args

import msgspec
from msgspec import Raw, Struct
from msgspec.structs import fields

T = TypeVar("T", bound=Struct)


class Page(Struct, frozen=True, gc=False):
    """The page on which the event happened."""

    url: str | None = None
    path: str | None = None
    title: str | None = None
    referrer: str | None = None
    search: str | None = None


class Campaign(Struct, frozen=True, gc=False):
    """The campaign that led here, from the utm_* parameters."""

    source: str | None = None
    medium: str | None = None
    name: str | None = None
    term: str | None = None
    content: str | None = None


class Named(Struct, frozen=True, gc=False):
    """Something with a version: the library that sent the event, the app, the operating system."""

    name: str | None = None
    version: str | None = None


class Device(Struct, frozen=True, gc=False):
    """The device, as far as an app says."""

    type: str | None = None
    model: str | None = None


class Screen(Struct, frozen=True, gc=False):
    """Size of the screen in pixels."""

    width: int | float | None = None
    height: int | float | None = None


class Context(Struct, frozen=True, rename="camel", gc=False):
    """The known parts of a context; everything else stays in its JSON text only."""

    ip: str | None = None
    user_agent: str | None = None
    locale: str | None = None
    timezone: str | None = None
    page: Page | None = None
    campaign: Campaign | None = None
    library: Named | None = None
    app: Named | None = None
    os: Named | None = None
    device: Device | None = None
    screen: Screen | None = None
    webdriver: bool | None = None


class ContextColumns(NamedTuple):
    """What a context says, as columns of a row, and two things more.

    `webdriver` is what the browser says of itself: that a program drives it. `has_page`: the context itself
    tells of a page.
    """

    ip: str | None = None
    user_agent: str | None = None
    locale: str | None = None
    timezone: str | None = None
    page_url: str | None = None
    page_path: str | None = None
    page_title: str | None = None
    page_referrer: str | None = None
    page_search: str | None = None
    campaign_source: str | None = None
    campaign_medium: str | None = None
    campaign_name: str | None = None
    campaign_term: str | None = None
    campaign_content: str | None = None
    library_name: str | None = None
    library_version: str | None = None
    app_name: str | None = None
    app_version: str | None = None
    os_name: str | None = None
    os_version: str | None = None
    device_type: str | None = None
    device_model: str | None = None
    screen_width: int | None = None
    screen_height: int | None = None
    webdriver: bool | None = None
    has_page: bool = False


_NO_CONTEXT: Final = Context()
_NO_PAGE: Final = Page()
_NO_CAMPAIGN: Final = Campaign()
_NO_NAME: Final = Named()
_NO_DEVICE: Final = Device()
_NO_SCREEN: Final = Screen()
_decode_context = msgspec.json.Decoder(Context).decode
_decode_page = msgspec.json.Decoder(Page).decode
# Members stay as text: a number that no float can hold, where nobody asks for it, must not cost the rest.
_decode_members = msgspec.json.Decoder(dict[str, Raw]).decode


def read_context(raw: Raw | bytes) -> Context:
    """Reads the known parts of a context (a JSON object); a part of another type counts as absent."""
    try:
        return _decode_context(raw)
    except msgspec.ValidationError:
        return _lenient(Context, _decode_members(raw))


def read_page(raw: Raw | bytes) -> Page:
    """Reads a page from the properties of a page event; a part of another type counts as absent."""
    try:
        return _decode_page(raw)
    except msgspec.ValidationError:
        return _lenient(Page, _decode_members(raw))


def context_columns(raw: Raw | bytes, properties: str | None = None) -> ContextColumns:
    """Reads a context (a JSON object, b"": none) into columns; msgspec.ValidationError where it is no object.

    `properties` are those of a page event: server SDKs have no context.page, and tell of the page there.
    """
    context = read_context(raw) if raw else _NO_CONTEXT
    page = context.page or (read_page(properties.encode()) if properties else _NO_PAGE)
    campaign, library = context.campaign or _NO_CAMPAIGN, context.library or _NO_NAME
    app, os = context.app or _NO_NAME, context.os or _NO_NAME
    device, screen = context.device or _NO_DEVICE, context.screen or _NO_SCREEN
    return ContextColumns(
        *(context.ip, context.user_agent, context.locale, context.timezone),
        *(page.url, page.path, page.title, page.referrer, page.search),
        *(campaign.source, campaign.medium, campaign.name, campaign.term, campaign.content),
        *(library.name, library.version, app.name, app.version, os.name, os.version),
        *(device.type, device.model, _pixels(screen.width), _pixels(screen.height)),
        *(context.webdriver, context.page is not None),
    )


def _pixels(size: int | float | None) -> int | None:
    return round(size) if size is not None and 0 <= size < 2**31 else None


def _lenient(cls: type[T], given: dict[str, Raw]) -> T:
    found = ((field.name, _part(field.type, given.get(field.encode_name))) for field in fields(cls))
    return cls(**{name: value for name, value in found if value is not None})


def _part(wanted: Any, value: Raw | None) -> Any:
    if value is None:
        return None
    if issubclass(get_args(wanted)[0], Struct) and bytes(value).lstrip()[:1] == b"{":
        return _lenient(get_args(wanted)[0], _decode_members(value))
    try:
        return msgspec.json.decode(value, type=wanted)
    except msgspec.ValidationError:
        return None
