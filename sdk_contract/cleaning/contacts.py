"""E-mail addresses and phone numbers, each in one way of writing it."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_LONGEST_EMAIL: Final = 320
_PLAIN_EMAIL: Final = re.compile(
    r"(?=.{3,254}$)[a-z0-9_+-]{1,60}(?:\.[a-z0-9_+-]{1,60})*"
    r"@(?!xn--)[a-z0-9]+(?:-[a-z0-9]+)*(?:\.[a-z0-9]+(?:-[a-z0-9]+)*)*\.[a-z]{2,24}",
    re.ASCII,
)
_LONGEST_LOCAL: Final = 64
_LONGEST_LABEL: Final = 63
# How people write phone numbers; an extension is not understood.
_PHONE: Final = re.compile(r"(?:tel:)?\+?[\d\s().\-/–—]{5,30}", re.ASCII)
_MAINLAND_MOBILE: Final = re.compile(r"(?:(?:\+|00)?86)?(1[3-9]\d{9})", re.ASCII)
_SEPARATORS: Final = re.compile(r"[\s().\-/–—]|tel:")


def normal_email(text: str) -> str | None:
    """The address in lower case, its domain as people read it; None for what is no e-mail address.

    Whether the domain exists or takes mail is not asked: one inside a company may.
    """
    given = unicodedata.normalize("NFKC", text).strip().removeprefix("mailto:").strip()
    if given.count("@") != 1 or len(given) > _LONGEST_EMAIL or "." not in given.partition("@")[2]:
        return None
    lower = given.lower()
    return lower if _is_plain(lower) else _read_email(lower)


def normal_phone(text: str | int | float, region: str = "CN") -> str | None:
    """The number as E.164 (`+8613800138000`); `region` says which country's a number without one is.

    None for what is no phone number of its country, and for a number with a fraction.
    """
    given = unicodedata.normalize("NFKC", str(text)).strip()
    if isinstance(text, float) or given.startswith("-"):
        return None
    if _PHONE.fullmatch(given) is None:
        return None
    digits = _SEPARATORS.sub("", given)
    if region == "CN" and (mobile := _MAINLAND_MOBILE.fullmatch(digits)):
        return "+86" + mobile[1]
    return _read_phone(given, region)


def _is_plain(text: str) -> bool:
    """Whether an address is of the sort nearly all are, so that the library has nothing to say about it."""
    local, _, domain = text.partition("@")
    if len(local) > _LONGEST_LOCAL or max(map(len, domain.split("."))) > _LONGEST_LABEL:
        return False
    return _PLAIN_EMAIL.fullmatch(text) is not None


def _read_email(text: str) -> str | None:
    from email_validator import EmailNotValidError, validate_email

    try:
        found = validate_email(text, check_deliverability=False, globally_deliverable=False)
    except EmailNotValidError:
        return None
    return found.normalized.lower()


def _read_phone(text: str, region: str) -> str | None:
    from phonenumbers import NumberParseException, PhoneNumberFormat, format_number, is_valid_number, parse

    try:
        number = parse(text, region)
    except NumberParseException:
        return None
    return format_number(number, PhoneNumberFormat.E164) if is_valid_number(number) else None
