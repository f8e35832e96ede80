"""SQL that hides personal fields: by the name of the field, and by what e-mail addresses, phone numbers and
IP addresses look like wherever they stand.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from warehouse.catalogs.text import quoted

HIDDEN: Final = "•••"

# The names of fields that a mask covers; one that is not here covers the field of its own name.
_NAMES: Final = {
    "email": r"[\w.$-]*e-?mail[\w-]*|邮箱|电子邮件",
    "phone": r"[\w.$-]*(?:phone|mobile|telephone)[\w-]*|tel|cell|手机号?|电话",
    "ip": r"ip|ip_?address|client_?ip",
    "name": r"(?:first|last|full|real|given|family|middle|display)?[_ ]?name|nick_?name|姓名|昵称",
    "address": r"[\w.$-]*address|street|postal_?code|zip|地址",
}
_LOOKS: Final = {
    "email": r"[\w.+%-]+(?:@|%40)[\w-]+(?:\.[\w-]+)+",
    "phone": r"\+\d[\d ()-]{6,16}\d|\b1[3-9]\d{9}\b",
    "ip": r"\b\d{1,3}(?:\.\d{1,3}){3}\b|\b[0-9a-f]{1,4}(?::[0-9a-f]{0,4}){3,7}\b",
}
# What stands after a name: a text, number or word, a list or an object of such.
_VALUE: Final = r'(?:"(?:[^"\\]|\\.)*"|[^\s",{}\[\]]+|\[[^\[\]{}]*\]|\{[^{}]*\})'
# Text columns that hold no personal values; every other one is masked.
_PLAIN_NAMES: Final = """
    project type event category verdict reason key_id dialect segment_id pointer expected plan_version
    message_id locale timezone page_path page_host referrer_host referrer_class referrer_source channel
    device_type os_name os_version browser library_name library_version app_name app_version
    device_model country region city clock campaign_source campaign_medium campaign_name campaign_term
    campaign_content campaign_id click_id_kind kind privacy signals bot_reason session_id customer_id
    first_message_id last_message_id entry_page exit_page currency old_session_id old_customer_id
    left_kind right_kind evidence state rule name via library source key left_customer right_customer
    probable_customer_id model user_agent
    """
_PLAIN: Final = frozenset(_PLAIN_NAMES.split())


def names(masks: Sequence[str]) -> str:
    """A pattern (RE2) of the names of all masked fields, without regard to case."""
    return "(?i)(?:" + "|".join(_NAMES.get(one, re.escape(one)) for one in masks) + ")"


def column(table: str, name: str, type: str, masks: Sequence[str]) -> str:
    """How a column of a table is selected (from `e`) by somebody with these masks."""
    plain = f'e."{name}"'
    if not masks or type not in ("VARCHAR", "JSON") or name in _PLAIN:
        return plain
    if name in masks or (name == "ip" and "ip" in masks):
        return f'if({plain} IS NULL, NULL, {_hidden(type)}) AS "{name}"'
    return f'{_by_owner(table, name, type, _masked(plain, type, masks), masks)} AS "{name}"'


def _by_owner(table: str, name: str, type: str, masked: str, masks: Sequence[str]) -> str:
    """Where another column says what the value is: the kind of an id, the name of an attribute."""
    tells = {"value": "name" if table in ("customer_attributes", "traits") else "kind"}
    tells |= {"left_value": "left_kind", "right_value": "right_kind"}
    if name not in tells or not _has(table, tells[name]):
        return masked
    called = f"regexp_full_match(e.\"{tells[name]}\", '{quoted(names(masks))}')"
    return f"CASE WHEN {called} THEN {_hidden(type, json=tells[name] == 'name')} ELSE {masked} END"


def _has(table: str, name: str) -> bool:
    return name in {
        "customer_attributes": ("name",),
        "traits": ("name",),
        "identities": ("kind",),
        "identity_lives": ("kind",),
        "junk_ids": ("kind",),
        "identity_edges": ("left_kind", "right_kind"),
    }.get(table, ())


def _hidden(type: str, *, json: bool = False) -> str:
    text = f"'\"{HIDDEN}\"'" if json or type == "JSON" else f"'{HIDDEN}'"
    return f"{text}::{type}"


def _masked(plain: str, type: str, masks: Sequence[str]) -> str:
    """Fields by name in text that is JSON, and what looks like one anywhere; most rows hold neither."""
    key = f'"({names(masks)})"\\s*:\\s*'
    looks = [f"(?i:{_LOOKS[one]})" for one in masks if one in _LOOKS]
    text = _replaced(f"{plain}::VARCHAR", key + _VALUE, f'"\\1":"{HIDDEN}"')
    for look in looks:
        text = _replaced(text, look, HIDDEN)
    found = f"regexp_matches({plain}::VARCHAR, '{quoted('|'.join((key, *looks)))}')"
    return f"CASE WHEN {found} THEN ({text})::{type} ELSE {plain} END"


def _replaced(text: str, pattern: str, by: str) -> str:
    return f"regexp_replace({text}, '{quoted(pattern)}', '{quoted(by)}', 'g')"
