"""Whether a property is personal: by its name, or by what its values look like."""

from __future__ import annotations

import re

from sdk_contract.privacy.checksums import is_card, is_id_number, is_uscc
from sdk_contract.privacy.emails import find_emails
from sdk_contract.privacy.numbers import find_numbers

# The first that fits counts; a name is compared in snake_case.
_NAMES = {
    "email": r"(\w+_)?e_?mail(_?address)?|邮箱|电子邮件",
    "phone": r"(\w+_)?(telephone|phone|mobile)(_?(no|number))?|tel|手机号?|电话",
    "id_number": r"id_?(card|number|no)|身份证号?|passport(_?no)?",
    "uscc": r"uscc|统一社会信用代码",
    "card": r"(credit|bank)_?card(_?(number|no))?|card_?(number|no)|银行卡号?",
    "birthday": r"birth_?(day|date)|date_of_birth|dob|生日|出生日期",
    "name": r"(first|last|full|real|given|family|user|receiver)_?name|姓名",
    "address": r"(street|home|post|postal|shipping|delivery)_?address|street|(收货)?地址",
    "ip": r"(client_|remote_)?ip(_?address)?",
    "account": r"(wechat|weixin|qq|open|union)_?id|微信号?",
}
_BY_NAME = {of_class: re.compile(pattern) for of_class, pattern in _NAMES.items()}
_CHECKS = {"id_number": is_id_number, "uscc": is_uscc, "card": is_card}
# What a name of a person may be called in the traits of an identify.
_TRAITS = re.compile(r"name|address")


def class_of_name(name: str, *, of_person: bool) -> str | None:
    """The class of personal data that a property's name speaks of; `of_person`: it is a trait."""
    plain = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).replace("-", "_").casefold()
    if of_person and _TRAITS.fullmatch(plain):
        return plain
    return next((of_class for of_class, names in _BY_NAME.items() if names.fullmatch(plain)), None)


def class_of_value(text: str) -> str | None:
    """The class of personal data that a whole text is by its form."""
    for of_class, holds in _CHECKS.items():
        if holds(text):
            return of_class
    data = text.encode(errors="replace")
    if any((start, end) == (0, len(data)) for start, end in find_emails(data)):
        return "email"
    found = {kind for start, end, kind in find_numbers(data) if (start, end) == (0, len(data)) and kind}
    return found.pop() if found else None
