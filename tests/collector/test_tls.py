"""https by setting: a real client that verifies, plain errors, a new certificate without a pause."""

import signal
import ssl
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
)

from collector.up import answers
from sdk_contract.errors import SettingError
from tests.collector.programs_run import kept, line_with, listening, run, started
from tests.collector.test_supervisor import key_of
from warehouse.tls import serving

NOW = datetime.now(UTC)
EVENT = {"event": "Paid", "userId": "u", "messageId": "m-1"}


def now() -> int:
    return int(NOW.timestamp() * 1e6)


def pair(
    folder: Path, name: str, days: float = 30, locked: KeySerializationEncryption | None = None
) -> tuple[str, str]:
    """Files of a certificate for localhost, valid for so many days, and of its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    called = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    made = (
        x509.CertificateBuilder()
        .subject_name(called)
        .issuer_name(called)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - timedelta(days=60))
        .not_valid_after(NOW + timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    certificate, private = folder / f"{name}.pem", folder / f"{name}.key"
    certificate.write_bytes(made.public_bytes(Encoding.PEM))
    private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, locked or NoEncryption()))
    return str(certificate), str(private)


def verifying(url: str, certificate: str) -> httpx.Client:
    """A client that believes this certificate and looks at the name."""
    context = ssl.create_default_context(cafile=certificate)
    return httpx.Client(
        base_url=url.replace("127.0.0.1", "localhost"), verify=context, trust_env=False, timeout=60
    )


def test_a_client_that_verifies_is_served_and_a_renewed_certificate_is_taken(tmp_path: Path) -> None:
    certificate, key = pair(tmp_path, "first")
    other, other_key = pair(tmp_path, "second")
    secret = key_of(tmp_path)
    files = {"SOJOURN_TLS_CERTIFICATE": certificate, "SOJOURN_TLS_KEY": key}
    with started("collect", "--data", str(tmp_path), "--port", "0", **files) as collect:
        url = listening(collect)
        assert url.startswith("https://")
        with verifying(url, certificate) as client:
            assert client.post("/v1/track", json=EVENT, auth=(secret, "")).json()["accepted"] == 1
        while not answers(f"{url}/health", certificate):
            pass
        with (
            verifying(url, other) as client,
            pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"),
        ):
            client.get("/health")
        with pytest.raises(httpx.TransportError):
            httpx.get(url.replace("https", "http") + "/health", trust_env=False)
        Path(certificate).write_bytes(Path(other).read_bytes())
        Path(key).write_bytes(Path(other_key).read_bytes())
        collect.send_signal(signal.SIGHUP)
        assert "worker replaced" in line_with(collect, "worker ")
        with verifying(url, other) as client:
            assert client.get("/ready").status_code == 200
    assert kept(tmp_path) == ["m-1"]


def test_old_versions_of_tls_are_not_spoken(tmp_path: Path) -> None:
    context = serving(*pair(tmp_path, "a"), now)
    assert context is not None
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2
    assert serving("", "", now) is None


Files = Callable[[Path], tuple[str, str]]


def of_two(folder: Path) -> tuple[str, str]:
    return pair(folder, "a")[0], pair(folder, "b")[1]


def no_pem(folder: Path) -> tuple[str, str]:
    (folder / "text").write_text("certificate")
    return str(folder / "text"), pair(folder, "b")[1]


def no_key(folder: Path) -> tuple[str, str]:
    return pair(folder, "a")[0], no_pem(folder)[0]


@pytest.mark.parametrize(
    ("files", "text"),
    [
        (
            lambda folder: (pair(folder, "a")[0], ""),
            "SOJOURN_TLS_KEY is not set, but SOJOURN_TLS_CERTIFICATE is",
        ),
        (
            lambda folder: ("/no/a.pem", "/no/a.key"),
            "SOJOURN_TLS_CERTIFICATE: '/no/a.pem' cannot be read: No such",
        ),
        (lambda folder: (pair(folder, "a")[0], "/no/a.key"), "SOJOURN_TLS_KEY: '/no/a.key' cannot be read"),
        (of_two, "does not belong to the certificate in"),
        (no_pem, "holds no certificate"),
        (no_key, "holds no private key that can be used"),
        (lambda folder: pair(folder, "a", days=-1), "was valid until"),
        (lambda folder: pair(folder, "a", locked=BestAvailableEncryption(b"x")), "is encrypted"),
    ],
)
def test_what_is_wrong_with_the_files_is_told(tmp_path: Path, files: Files, text: str) -> None:
    certificate, key = files(tmp_path)
    with pytest.raises(SettingError) as told:
        serving(certificate, key, now)
    assert text in str(told.value)
    assert "\n" not in str(told.value)


def test_a_certificate_of_tomorrow_asks_for_the_clock(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="is the clock right"):
        serving(*pair(tmp_path, "a"), lambda: 0)


def test_a_bad_certificate_is_one_line_of_the_program(tmp_path: Path) -> None:
    refused = run("collect", "--data", str(tmp_path), "--port", "0", SOJOURN_TLS_CERTIFICATE="/no.pem")
    assert refused.returncode == 1
    assert refused.stderr.startswith("error: SOJOURN_TLS_KEY is not set")
    assert refused.stderr.count("\n") == 1
