"""Whether somebody may be told nothing any more, by what the registry alone knows of them."""

from __future__ import annotations

import msgspec

from sdk_contract.privacy import Vault
from warehouse.registry import Registry
from warehouse.registry.actions import Entry

IDS = ("user_id", "anonymous_id")
TRAITS = ("email", "phone")


def is_barred(registry: Registry, vault: Vault, entry: Entry) -> bool:
    """Whether the customer of an entry was suppressed, or their erasure filed, by an id that its message
    could name.
    """
    customer = msgspec.json.decode(entry.data).get("customer") or {}
    traits = customer.get("traits", {})
    told = [*((kind, customer.get(kind)) for kind in IDS), *((kind, traits.get(kind)) for kind in TRAITS)]
    pairs = [(kind, value) for kind, value in told if value]
    if not pairs:
        return False
    digests = [vault.digest(kind, value) for kind, value in pairs]
    stones = [vault.tombstone(entry.project, kind, value) for kind, value in pairs]
    return registry.is_kept_out(entry.project, digests, stones)
