"""TLS of what listens: a certificate and its key from files, looked at before anything relies on them."""

import ssl
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NoReturn

from sdk_contract.errors import SettingError

CERTIFICATE, KEY = "SOJOURN_TLS_CERTIFICATE", "SOJOURN_TLS_KEY"
_WANTED: Final = "a PEM file with the certificate, those that vouch for it after it, would do"


def serving(certificate: str, key: str, now: Callable[[], int]) -> ssl.SSLContext | None:
    """What a server speaks TLS (1.2 and 1.3) with; None where neither file is named. `now`: µs UTC.

    SettingError names the file that is missing, does not fit or is out of date.
    """
    if not certificate and not key:
        return None
    if not certificate or not key:
        missing, given = (KEY, CERTIFICATE) if certificate else (CERTIFICATE, KEY)
        raise SettingError(f"{missing} is not set, but {given} is; set both, or neither")
    _check(_read(CERTIFICATE, certificate), certificate, now())
    _read(KEY, key)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    try:
        context.load_cert_chain(certificate, key, lambda: _refuse_password(key))
    except ssl.SSLError as error:
        raise SettingError(_why(error, certificate, key)) from error
    return context


def trusting(certificate: str) -> ssl.SSLContext:
    """For a client on this machine: trusts this one certificate, under whatever name it is reached."""
    context = ssl.create_default_context(cafile=certificate)
    context.check_hostname = False
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    return context


def _read(variable: str, path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise SettingError(f"{variable}: {path!r} cannot be read: {error.strerror}; {_WANTED}") from error


def _check(text: bytes, path: str, now: int) -> None:
    from cryptography import x509

    try:
        first = x509.load_pem_x509_certificates(text)[0]
    except ValueError as error:
        raise SettingError(f"{CERTIFICATE}: {path!r} holds no certificate; {_WANTED}") from error
    at = datetime.fromtimestamp(now / 1e6, UTC)
    first_day, last_day = first.not_valid_before_utc, first.not_valid_after_utc
    if at > last_day:
        raise SettingError(
            f"{CERTIFICATE}: the certificate in {path!r} was valid until {last_day:%Y-%m-%d}; "
            "a newer one would do"
        )
    if at < first_day:
        raise SettingError(
            f"{CERTIFICATE}: the certificate in {path!r} is valid from {first_day:%Y-%m-%d %H:%M} UTC; is "
            "the clock right?"
        )


def _refuse_password(key: str) -> NoReturn:
    raise SettingError(f"{KEY}: the key in {key!r} is encrypted; one without a password would do")


def _why(error: ssl.SSLError, certificate: str, key: str) -> str:
    if error.reason == "KEY_VALUES_MISMATCH":
        return f"{KEY}: the key in {key!r} does not belong to the certificate in {certificate!r}"
    return f"{KEY}: {key!r} holds no private key that can be used ({error.reason}); a PEM file would do"
