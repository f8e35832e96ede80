"""E-mail to a real SMTP server on this machine: over TLS, with both texts, and what its answers mean."""

import smtplib
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiosmtpd.controller import Controller
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from loadtest.processes import free_port
from tests.warehouse.lakes import NOON
from warehouse.actions.addresses import Allowed, read_allowed
from warehouse.actions.destinations import read_destination
from warehouse.actions.errors import BadAction, Unsafe
from warehouse.actions.mail import mail_of, send_mail
from warehouse.actions.outcomes import Outcome
from warehouse.actions.reading import read_rule
from warehouse.registry.actions import Entry

RULE = read_rule(
    "cart",
    {
        "when": {"tag": "keen"}, "to": "post",
        "message": {
            "subject": "Hello {{ customer.traits.name }}", "text": "Hi {{ customer.traits.name }} 你好",
            "html": "<p>Hi {{ customer.traits.name }}</p>",
        },
    },
)  # fmt: skip


HERE = read_allowed("127.0.0.1, ::1")


class Box:
    """Keeps what it is given; says no to some recipients."""

    def __init__(self) -> None:
        self.got: list[EmailMessage] = []
        self.secure: list[bool] = []

    async def handle_RCPT(  # noqa: N802 - the name that the library asks for
        self, server: Any, session: Any, envelope: Any, address: str, options: Any
    ) -> str:
        for name, answer in (("gone", "550 no such user"), ("busy", "451 later")):
            if address.startswith(name):
                return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        mail = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(mail, EmailMessage)
        self.got.append(mail)
        self.secure.append(session.ssl is not None)
        return "250 OK"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of localhost, with its key in the same file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    day = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(day - timedelta(days=1))
        .not_valid_after(day + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    kind = serialization.PrivateFormat.PKCS8
    path.write_bytes(
        made.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(serialization.Encoding.PEM, kind, serialization.NoEncryption())
    )
    return path


@pytest.fixture(scope="module")
def box(certificate: Path) -> Iterator[tuple[Box, int]]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    kept = Box()
    port = free_port()
    server = Controller(kept, hostname="127.0.0.1", port=port, tls_context=context, require_starttls=True)
    server.start()
    yield kept, port
    server.stop()


def entry(email: str) -> Entry:
    data = {"customer": {"id": "c_1", "user_id": "u1", "traits": {"email": email, "name": "Ann\nBcc: x@y"}}}
    told = msgspec.json.encode(data).decode()
    return Entry(1, "act_1", "shop", "cart", 1, "c_1", NOON, NOON, "post", "waiting", "", told, NOON)


def sent(port: int, email: str, certificate: Path, allowed: Allowed = HERE, **more: Any) -> Outcome:
    said = {
        "kind": "email", "server": "localhost", "port": port, "from": "Shop <news@shop.example>",
        "unsubscribe": "https://shop.example/out?u={{ customer.user_id|urlencode }}", **more,
    }  # fmt: skip
    to = read_destination("post", said)
    context = ssl.create_default_context(cafile=str(certificate))
    return send_mail(
        to, mail_of(to, RULE, entry(email)), "", timeout=5.0, allowed=allowed, tls=lambda: context
    )


def test_a_message_has_both_texts_and_a_way_out(box: tuple[Box, int], certificate: Path) -> None:
    kept, port = box
    assert sent(port, "ann@example.com", certificate) == Outcome("sent")
    mail = kept.got[-1]
    assert kept.secure == [True]
    assert (mail["To"], mail["Subject"]) == ("ann@example.com", "Hello Ann Bcc: x@y")
    assert (mail["Bcc"], mail["Message-ID"]) == (None, "<act_1@shop.example>")
    assert mail["List-Unsubscribe"] == "<https://shop.example/out?u=u1>"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    plain, html = (mail.get_body((kind,)) for kind in ("plain", "html"))
    assert plain is not None
    assert html is not None
    assert "你好" in plain.get_content()
    assert "<p>Hi Ann" in html.get_content()


@pytest.mark.parametrize(("who", "kind"), [("gone@example.com", "dead"), ("busy@example.com", "retry")])
def test_what_the_server_says_of_an_address(
    box: tuple[Box, int], certificate: Path, who: str, kind: str
) -> None:
    assert sent(box[1], who, certificate).kind == kind


def test_nothing_is_said_without_tls_to_whom_it_belongs(box: tuple[Box, int], certificate: Path) -> None:
    kept, port = box
    before = len(kept.got)
    to = read_destination(
        "post", {"kind": "email", "server": "127.0.0.1", "port": port, "from": "a@b.example"}
    )
    mail = mail_of(to, RULE, entry("ann@example.com"))
    context = ssl.create_default_context(cafile=str(certificate))
    allowed = read_allowed("127.0.0.1")
    found = send_mail(to, mail, "", timeout=5.0, allowed=allowed, tls=lambda: context)
    assert (found.kind, found.down) == ("retry", True)  # the certificate is of another name
    assert sent(port, "ann@example.com", certificate, starttls=False).kind in ("retry", "dead")
    assert len(kept.got) == before


def test_a_server_that_is_not_public_has_to_be_named(box: tuple[Box, int], certificate: Path) -> None:
    with pytest.raises(Unsafe, match="SOJOURN_ACTION_HOSTS"):
        sent(box[1], "ann@example.com", certificate, Allowed())


@pytest.mark.parametrize("email", ["", "no address", "a b@example.com"])
def test_no_address_is_no_message(email: str) -> None:
    to = read_destination("post", {"kind": "email", "server": "localhost", "from": "a@b.example"})
    with pytest.raises(BadAction, match="no e-mail address"):
        mail_of(to, RULE, entry(email))


def test_a_server_that_is_away_is_tried_later(certificate: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(smtplib.SMTP, "connect", lambda *_: (_ for _ in ()).throw(ConnectionRefusedError()))
        assert sent(1, "ann@example.com", certificate).down
