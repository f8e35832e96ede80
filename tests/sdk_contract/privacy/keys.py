"""A vault whose keys the tests know."""

from sdk_contract.privacy import SecretKey, Vault
from sdk_contract.privacy.vault import PURPOSES

KEYS = [
    SecretKey(letter * 8, purpose, number, bytes([number]) * 32)
    for number, (letter, purpose) in enumerate(zip("abcd", PURPOSES, strict=True), 1)
]
VAULT = Vault(KEYS)
