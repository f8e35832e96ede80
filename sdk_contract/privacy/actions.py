"""What becomes of one value: the actions of a policy."""

import re
from typing import Final

from sdk_contract.privacy.masks import mask
from sdk_contract.privacy.normal import normal
from sdk_contract.privacy.vault import Vault

_TOKEN: Final = re.compile(r"sj:(?:hash|enc|seal):[a-z]{1,20}:[A-Za-z0-9_-]+")


def treated(kind: str, text: str, action: str, vault: Vault) -> str:
    """A value of class `kind` after `action`; what is empty, or a token already, stays."""
    if action == "keep" or not text or is_token(text):
        return text
    if action == "drop":
        return ""
    if action == "mask":
        return mask(kind, text)
    if action == "hash":
        return vault.hash(kind, normal(kind, text))
    return vault.encrypt(normal(kind, text))


def is_token(text: str) -> bool:
    """Tells whether a whole text is what a vault made of a value."""
    return text.startswith("sj:") and _TOKEN.fullmatch(text) is not None


def hash_address(text: str, vault: Vault) -> str:
    """The keyed hash of an IP address; an IPv4 address within IPv6 has the hash of the IPv4 one."""
    return vault.hash("ip", normal("ip", text))
