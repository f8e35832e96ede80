"""Where a destination is: a database, a bucket or a folder. Its password is in no message."""

from __future__ import annotations

import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import msgspec

from sdk_contract.settings import Secret
from warehouse.catalogs.address import Address, read_address
from warehouse.publish.errors import BadDestination

ENVIRONMENT: Final = "PGPASSWORD"


class Place(msgspec.Struct, frozen=True):
    """A database's address, or the URL of a bucket or folder. `text` is what may be shown and kept."""

    text: str
    database: Address | None = None

    def __str__(self) -> str:
        return self.text


def read_place(text: str, password: str | None = None) -> Place:
    """BadDestination and SettingError say what is wrong with an address, and quote no password."""
    scheme = text.partition("://")[0] if "://" in text else ""
    if scheme in ("postgresql", "postgres"):
        return _database(text, password)
    if scheme not in ("", "s3"):
        raise BadDestination(
            f"there is no publishing to {scheme}://; postgresql://user@host/database, s3://bucket/prefix or "
            "a folder would do"
        )
    if scheme == "s3" and "@" in urlsplit(text).netloc:
        raise BadDestination(
            "a bucket's address holds no keys; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY for them"
        )
    if not text.strip():
        raise BadDestination("--to is empty; postgresql://user@host/database, s3://bucket/prefix or a folder")
    return Place(text if scheme else str(Path(text).absolute()))


def password_of(file: Path | None, environ: Mapping[str, str]) -> str | None:
    """What stands in a file that nobody else can read, or in PGPASSWORD."""
    if file is None:
        return environ.get(ENVIRONMENT) or None
    try:
        mode, text = file.stat().st_mode, file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadDestination(f"cannot read the password's file {file}: {error}") from None
    if stat.S_IMODE(mode) & 0o077:
        raise BadDestination(f"others can read the password's file {file}; chmod 600 {file}")
    return text.rstrip("\r\n")


def _database(text: str, password: str | None) -> Place:
    address = read_address(Secret(text), "--to")
    if password is not None:
        address = msgspec.structs.replace(address, password=Secret(password))
    return Place(without_password(text), address)


def without_password(url: str) -> str:
    """The same address, to be shown."""
    parts = urlsplit(url)
    user, host = parts.username or "", parts.netloc.rpartition("@")[2]
    return parts._replace(netloc=f"{user}@{host}").geturl()
