"""What is computed of an entry alone, so that finding it again gives the same."""

from __future__ import annotations

import hashlib
import hmac


def entry_id(project: str, rule: str, version: int, customer: str, entry: int) -> str:
    """The key of an entry: `act_` and 32 hexadecimal digits. Receivers know a message by it."""
    text = "\0".join((project, rule, str(version), customer, str(entry)))
    return "act_" + hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def is_held_out(secret: str, project: str, rule: str, customer: str, share: float) -> bool:
    """Whether a customer is in the rule's holdout: the same at every entry and for every version."""
    text = f"{project}\0{rule}\0{customer}".encode("utf-8", "surrogatepass")
    number = int.from_bytes(hmac.digest(secret.encode(), text, "sha256")[:8], "big")
    return number < share * 2**64
