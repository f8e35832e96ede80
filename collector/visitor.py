"""The first-party cookie: an id that stays with a browser where the site's own storage does not last."""

import re
from functools import lru_cache

import msgspec

from collector.settings import CollectorSettings
from collector.wire import Headers
from sdk_contract.errors import SettingError

# What a browser sends with the requests of a page, and a server's SDK does not.
_OF_PAGES = (b"origin", b"sec-fetch-site")
_NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_DOMAIN = re.compile(r"\.?[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")
_ID = re.compile(rb"[A-Za-z0-9_-]{22}")
DAY_SECONDS = 86_400


class Visitors(msgspec.Struct, frozen=True):
    """The cookie that is read and set; `name` "" means none is. `attributes` stand after its value."""

    name: bytes
    attributes: bytes

    def sent(self, headers: Headers) -> str | None:
        """The id that the browser sent; one that we did not make counts as absent."""
        cookies = headers.get(b"cookie")
        return None if cookies is None or not self.name else _find(cookies, self.name)

    def header(self, visitor: str) -> tuple[bytes, bytes]:
        """The header that gives a browser this id, or more time to keep it."""
        return b"set-cookie", b"%b=%b%b" % (self.name, visitor.encode(), self.attributes)


def visitors(settings: CollectorSettings) -> Visitors:
    """The cookie as the settings want it; SettingError for a name or a domain that no browser would take."""
    name, domain = settings.visitor_cookie, settings.visitor_domain
    if name and not _NAME.fullmatch(name):
        raise SettingError(
            f"SOJOURN_VISITOR_COOKIE={name!r} will not do; letters, digits, _ . and - would do"
        )
    if domain and not _DOMAIN.fullmatch(domain):
        raise SettingError(f"SOJOURN_VISITOR_DOMAIN={domain!r} will not do; example.com would do")
    age = settings.visitor_days * DAY_SECONDS
    where = f"; Domain={domain}" if domain else ""
    text = f"; Path=/; Max-Age={age}{where}; Secure; HttpOnly; SameSite=Lax"
    return Visitors(name.encode(), text.encode())


def is_of_page(headers: Headers) -> bool:
    """Tells whether a page in a browser sent this request."""
    return any(name in headers for name in _OF_PAGES)


@lru_cache(1024)
def _find(cookies: bytes, name: bytes) -> str | None:
    for part in cookies.split(b";"):
        key, _, value = part.strip().partition(b"=")
        if key == name and _ID.fullmatch(value):
            return value.decode()
    return None
