"""IP treatment of what stands outside the body: the client's address and its user agent. Cached, bounded."""

from functools import lru_cache

import msgspec

from sdk_contract.addresses import treat, treat_peer

USER_AGENT_LIMIT = 1024


@lru_cache(4096)
def peer_text(address: str, policy: str) -> str | None:
    """The client's address as the key's policy lets it be kept."""
    return treat_peer(address, policy) or None


@lru_cache(4096)
def user_agent_text(sent: bytes | None, policy: str) -> str | None:
    """The user agent, 1,024 characters at most; an address in it is treated like one in the body."""
    if not sent:
        return None
    text = sent[:USER_AGENT_LIMIT].decode("utf-8", "replace")
    return str(msgspec.json.decode(treat(msgspec.json.encode(text), policy)))
