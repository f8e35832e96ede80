"""Write keys and their rules in memory, by secret, kept up with the registry."""

from collections.abc import Callable, Iterable, Mapping

from warehouse.registry import Key, Registry
from warehouse.rules import KeyRules

Build = Callable[[Registry, Iterable[Key]], Mapping[str, KeyRules]]


def without_rules(registry: Registry, keys: Iterable[Key]) -> Mapping[str, KeyRules]:
    """Keys by secret, with nothing that applies to their events but their shape."""
    return {key.secret: KeyRules(key) for key in keys}


class Keyring:
    """Keys that are not revoked. `refresh` runs off the event loop, always in the same thread."""

    def __init__(self, open_registry: Callable[[], Registry], build: Build = without_rules) -> None:
        self._open, self._build = open_registry, build
        self._opened: Registry | None = None
        self._version: int | None = None
        self._generation: int | None = None
        self.keys: Mapping[str, KeyRules] = {}

    @property
    def registry(self) -> Registry:
        self._opened = self._opened or self._open()
        return self._opened

    def refresh(self, *, anyway: bool = False) -> bool:
        """Reads keys and rules again where they may have changed, or `anyway`; True where it did."""
        version = self.registry.data_version()
        if version == self._version and not anyway:
            return False
        generation = self.registry.rules_generation()
        if generation == self._generation and not anyway:
            self._version = version
            return False
        valid = [key for key in self.registry.keys() if key.revoked_at is None]
        self.keys = self._build(self.registry, valid)
        self._version, self._generation = version, generation
        return True

    def find(self, secret: str | None) -> KeyRules | None:
        return None if secret is None else self.keys.get(secret)
