"""E-mail: one message by SMTP, over TLS before anything is said."""

from __future__ import annotations

import smtplib
import socket
import ssl
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr

from warehouse.actions.addresses import Allowed, permitted
from warehouse.actions.errors import BadAction
from warehouse.actions.messages import MARK, told
from warehouse.actions.outcomes import SENT, Outcome, of_error
from warehouse.actions.rules import Destination, Rule
from warehouse.actions.templates import render
from warehouse.registry.actions import Entry

_LONGEST_SUBJECT = 900


def mail_of(to: Destination, rule: Rule, entry: Entry) -> EmailMessage:
    """The message, the same at every try. BadAction where a template cannot be filled in, or no address is
    there.
    """
    known = told(entry, rule)
    mail = EmailMessage()
    mail["From"] = to.said["from"]
    mail["To"] = _recipient(to, known)
    mail["Subject"] = " ".join(render(rule.message.subject, known).split())[:_LONGEST_SUBJECT]
    mail["Date"] = format_datetime(datetime.fromtimestamp(entry.found_at / 1e6, UTC))
    domain = parseaddr(to.said["from"])[1].rpartition("@")[2]
    mail["Message-ID"] = f"<{entry.id}@{domain}>"
    mail[MARK] = entry.id
    mail["Auto-Submitted"] = "auto-generated"
    if unsubscribe := render(to.said.get("unsubscribe", ""), known).strip():
        mail["List-Unsubscribe"] = f"<{unsubscribe}>"
        if unsubscribe.startswith("https://"):
            mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    mail.set_content(render(rule.message.text, known))
    if rule.message.html:
        mail.add_alternative(render(rule.message.html, known, html=True), subtype="html")
    return mail


def _recipient(to: Destination, known: Mapping[str, object]) -> str:
    given = to.said.get("address")
    if not given:
        customer = known.get("customer")
        given = customer.get("traits", {}).get("email", "") if isinstance(customer, dict) else ""
    address = parseaddr(str(given))[1]
    if "@" not in address or any(letter.isspace() for letter in address):
        raise BadAction("there is no e-mail address to send to")
    return address


class Post(smtplib.SMTP):
    """SMTP to permitted addresses alone."""

    def __init__(self, host: str, port: int, timeout: float, allowed: Allowed) -> None:
        self._allowed = allowed
        super().__init__(host, port, timeout=timeout)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        addresses = list(dict.fromkeys(str(one[4][0]) for one in found))
        at = permitted(host, addresses, self._allowed, secure=True)[0]
        return socket.create_connection((at, port), timeout)


def send_mail(
    to: Destination,
    mail: EmailMessage,
    password: str,
    *,
    timeout: float,
    allowed: Allowed,
    tls: Callable[[], ssl.SSLContext],
) -> Outcome:
    """Hand the message to the server. Blocks; Unsafe where the server may not be connected to."""
    said = to.said
    try:
        with Post(said["server"], said.get("port", 587), timeout, allowed) as post:
            if said.get("starttls", True):
                post.starttls(context=tls())
                if said.get("user"):
                    post.login(said["user"], password)
            post.send_message(mail)
    except smtplib.SMTPRecipientsRefused as error:
        ((code, _),) = error.recipients.values()
        return _refused(code, "the address is refused")
    except smtplib.SMTPAuthenticationError as error:
        return Outcome("retry", f"{error.smtp_code}: the login is refused", down=True)
    except smtplib.SMTPResponseException as error:
        return _refused(error.smtp_code, "the server refuses it")
    except (OSError, smtplib.SMTPException) as error:
        return of_error(error)
    return SENT


def _refused(code: int, why: str) -> Outcome:
    if code >= 500:
        return Outcome("dead", f"{code}: {why}")
    return Outcome("retry", f"{code}: {why}", down=code == 421)
