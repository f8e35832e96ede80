"""The address of a PostgreSQL database. Its password is in no message, nor is any part of an address that
cannot be read.
"""

from __future__ import annotations

from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

import msgspec

from sdk_contract.errors import SettingError
from sdk_contract.settings import Secret

SSL_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
_OPTIONS = ("host", "sslmode", "sslrootcert")
_ADVICE = "postgresql://user:password@host:5432/database would do, special characters in it as %40"


class Address(msgspec.Struct, frozen=True):
    """Where a database is and who asks; `host` may be the folder of a Unix socket."""

    host: str
    port: int
    user: str
    password: Secret
    database: str
    sslmode: str = "prefer"
    sslrootcert: str = ""

    def __str__(self) -> str:
        """For people, without the password."""
        return f"database {self.database} at {self.host}:{self.port}"


def read_address(url: Secret, given_as: str = "SOJOURN_CATALOG") -> Address:
    """The address in a postgresql:// URL. SettingError says what is wrong with it and quotes none of it.

    `given_as`: what a person finds it by.
    """
    try:
        parts = urlsplit(url.reveal())
        options = dict(parse_qsl(parts.query, strict_parsing=True)) if parts.query else {}
        return _address(parts, options)
    except ValueError as error:
        what = error.args[0] if isinstance(error, _Wrong) else "its parts cannot be told apart"
        raise SettingError(f"{given_as} is not the address of a database: {what}; {_ADVICE}") from None


class _Wrong(ValueError):
    """What is wrong with an address, in words that quote none of it."""


def _address(parts: SplitResult, options: dict[str, str]) -> Address:
    if parts.scheme not in ("postgresql", "postgres"):
        raise _Wrong("it does not begin with postgresql://")
    if options.keys() - set(_OPTIONS):
        raise _Wrong(f"after the ? stand {', '.join(_OPTIONS)} and nothing else")
    if options.get("sslmode", "prefer") not in SSL_MODES:
        raise _Wrong(f"sslmode is one of {', '.join(SSL_MODES)}")
    host, database = options.pop("host", parts.hostname or ""), unquote(parts.path.removeprefix("/"))
    for name, value in {"user": parts.username, "host": host, "database": database}.items():
        if not value:
            raise _Wrong(f"it names no {name}")
    user, password = unquote(parts.username or ""), Secret(unquote(parts.password or ""))
    return Address(unquote(host), parts.port or 5432, user, password, database, **options)
