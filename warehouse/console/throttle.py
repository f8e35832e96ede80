"""How long somebody has to wait who failed to sign in."""

from __future__ import annotations

from typing import Final

from warehouse.registry import Registry

SECOND: Final = 1_000_000
_LONGEST: Final = 15 * 60 * SECOND
_FORGOTTEN: Final = 24 * 3600 * SECOND
# Tries that are free: of one name from one address, from one address, of one name.
_FREE: Final = (5, 20, 50)


def subjects(name: str, address: str) -> tuple[str, str, str]:
    """What failed tries are counted by."""
    return f"{name} from {address}"[:300], f"from {address}", name[:200]


def wait(registry: Registry, name: str, address: str) -> int:
    """Seconds until another try is looked at: from the sixth on twice as long each time, 15 minutes at the
    most.
    """
    left = 0
    for subject, free in zip(subjects(name, address), _FREE, strict=True):
        count, since = registry.failures(subject)
        if count >= free and since < _FORGOTTEN:
            left = max(left, min(SECOND << min(count - free, 20), _LONGEST) - since)
    return -(-left // SECOND)


def failed(registry: Registry, name: str, address: str, why: str = "") -> None:
    registry.count_failure(subjects(name, address), f"{why or name[:64]} from {address}")


def succeeded(registry: Registry, name: str, address: str) -> None:
    """This name from this address starts anew; what others tried still counts."""
    registry.forget_failures(subjects(name, address)[:1], _FORGOTTEN)
