"""One connection of our own to PostgreSQL, beside those that DuckDB keeps: it holds the lock, and says in
words why a database cannot be used.
"""

from __future__ import annotations

import ssl
import struct
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, BinaryIO

from warehouse.catalogs.address import Address
from warehouse.errors import CatalogRefused, CatalogUnavailable, ExtensionMissing

if TYPE_CHECKING:
    from pg8000.native import Connection

ANSWER_S = 10.0
_LOGIN = ("28000", "28P01")
_NO_DATABASE = "3D000"
_FORBIDDEN = "42501"
# The server stops, starts, is full, or ended our session: https://www.postgresql.org/docs/current/errcodes-appendix.html
_PASSING = ("08", "53", "57P0", "25P03", "40")
# A client that vanished with its machine frees its lock after 25 s.
_KEEPALIVE = (
    "SET tcp_keepalives_idle = 10",
    "SET tcp_keepalives_interval = 5",
    "SET tcp_keepalives_count = 3",
    "SET lock_timeout = '10s'",
)


class Session:
    """Every error is CatalogUnavailable, which can pass, or CatalogRefused, which needs a person.

    `given_as`: what a person finds the address by; `answer_s`: seconds that one answer may take.
    """

    def __init__(
        self, address: Address, given_as: str = "SOJOURN_CATALOG", answer_s: float = ANSWER_S
    ) -> None:
        self.address = address
        self._given_as, self._answer_s = given_as, answer_s
        self._con = self._connected()
        for setting in _KEEPALIVE:
            self.run(setting)

    def run(
        self, sql: str, stream: BinaryIO | Iterable[bytes] | None = None, **values: Any
    ) -> Sequence[Sequence[Any]]:
        """The rows of one statement; `:name` stands for a value. `stream`: what COPY reads or writes."""
        from pg8000.exceptions import DatabaseError, InterfaceError

        try:
            return self._con.run(sql, stream=stream, **values) or ()
        except DatabaseError as error:
            raise self._explained(error) from None
        except (InterfaceError, OSError, struct.error) as error:
            raise CatalogUnavailable(f"the connection to {self._what()} broke: {error}") from None

    def affected(self) -> int:
        """How many rows the last statement put or took away."""
        return max(int(self._con.row_count or 0), 0)

    def close(self) -> None:
        """Frees what the session holds; a broken connection has freed it already."""
        from pg8000.exceptions import Error

        try:
            self._con.close()
        except (Error, OSError, struct.error):
            return

    def _connected(self) -> Connection:
        try:
            from pg8000.exceptions import DatabaseError, InterfaceError
            from pg8000.native import Connection
        except ImportError:
            raise ExtensionMissing(
                "PostgreSQL needs packages that are not installed; "
                "install them with: pip install 'sojourn[postgres]'"
            ) from None
        to = self.address
        socket = {"unix_sock": f"{to.host}/.s.PGSQL.{to.port}"} if to.host.startswith("/") else {}
        try:
            return Connection(
                to.user,
                host=to.host,
                port=to.port,
                database=to.database,
                password=to.password.reveal() or None,
                ssl_context=_encryption(to),
                timeout=self._answer_s,
                application_name="sojourn",
                **socket,
            )
        except DatabaseError as error:
            raise self._explained(error) from None
        except (InterfaceError, OSError, struct.error) as error:
            advice = f"is the server running, and is {self._given_as} its address?"
            raise CatalogUnavailable(f"cannot reach {self._what()}: {_one_line(error)}; {advice}") from None

    def _explained(self, error: Exception) -> CatalogUnavailable | CatalogRefused:
        said = error.args[0] if error.args and isinstance(error.args[0], dict) else {}
        code, text = str(said.get("C", "")), str(said.get("M", "")) or _one_line(error)
        if code.startswith(_PASSING):
            return CatalogUnavailable(f"{self._what()} does not answer now: {text}")
        return CatalogRefused(f"{self._what()}: {text}; {self._advice(code)}")

    def _advice(self, code: str) -> str:
        to = self.address
        if code in _LOGIN:
            return f"give the user and password that the server knows in {self._given_as}"
        if code == _NO_DATABASE:
            return f"make it with: CREATE DATABASE {to.database} OWNER {to.user}"
        if code == _FORBIDDEN:
            return f"let the user with: GRANT CREATE ON DATABASE {to.database} TO {to.user}"
        return "its log may say more"

    def _what(self) -> str:
        return f"PostgreSQL ({self.address})"


def _encryption(address: Address) -> ssl.SSLContext | bool | None:
    """As libpq has it: `require` encrypts and believes any certificate, `verify-…` do not."""
    if address.sslmode in ("allow", "prefer"):
        return None
    if not address.sslmode.startswith("verify"):
        return address.sslmode == "require"
    context = ssl.create_default_context(cafile=address.sslrootcert or None)
    context.check_hostname = address.sslmode == "verify-full"
    return context


def _one_line(error: Exception) -> str:
    cause = error.__cause__
    return " ".join(str(cause or error).split())
