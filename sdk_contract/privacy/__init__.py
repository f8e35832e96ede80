"""Privacy at the door: policies, detectors, planned personal data, consent, and the vault of keys."""

from sdk_contract.privacy.actions import hash_address
from sdk_contract.privacy.consent import consents, signals_of
from sdk_contract.privacy.errors import BadToken, KeyGone, PolicyError
from sdk_contract.privacy.policy import PRESETS, Policy
from sdk_contract.privacy.protect import protect_event, sealed_event
from sdk_contract.privacy.scrub import scrub
from sdk_contract.privacy.vault import SecretKey, Vault

__all__ = [
    "PRESETS",
    "BadToken",
    "KeyGone",
    "Policy",
    "PolicyError",
    "SecretKey",
    "Vault",
    "consents",
    "hash_address",
    "protect_event",
    "scrub",
    "sealed_event",
    "signals_of",
]
