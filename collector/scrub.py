"""Treatment of what stands outside the body: the client's address and its user agent. Cached, bounded."""

from functools import lru_cache

import msgspec

from sdk_contract.addresses import treat, treat_peer
from sdk_contract.privacy import PRESETS, Policy, Vault, scrub

USER_AGENT_LIMIT = 1024
_NONE = PRESETS["none"]


@lru_cache(4096)
def peer_text(address: str, ip_policy: str, vault: Vault | None = None) -> str | None:
    """The client's address as the key's rules let it be kept."""
    return treat_peer(address, ip_policy, vault) or None


@lru_cache(4096)
def user_agent_text(
    sent: bytes | None, ip_policy: str, policy: Policy = _NONE, vault: Vault | None = None
) -> str | None:
    """The user agent, 1,024 characters at most, treated like a body."""
    if not sent:
        return None
    text = msgspec.json.encode(sent[:USER_AGENT_LIMIT].decode("utf-8", "replace"))
    treated = treat(text, ip_policy, vault)
    return str(msgspec.json.decode(scrub(treated, policy, vault) if vault else treated))
