"""Write keys in memory, by secret, kept up with the registry."""

from collections.abc import Callable

from warehouse.registry import Key, Registry


class Keyring:
    """Keys that are not revoked. `refresh` runs off the event loop, always in the same thread."""

    def __init__(self, open_registry: Callable[[], Registry]) -> None:
        self._open = open_registry
        self._opened: Registry | None = None
        self._version: int | None = None
        self.keys: dict[str, Key] = {}

    @property
    def registry(self) -> Registry:
        self._opened = self._opened or self._open()
        return self._opened

    def refresh(self) -> bool:
        """Reads the keys again where the registry changed; True where it did."""
        version = self.registry.data_version()
        if version == self._version:
            return False
        self.keys = {key.secret: key for key in self.registry.keys() if key.revoked_at is None}  # noqa: SIM118
        self._version = version
        return True

    def find(self, secret: str | None) -> Key | None:
        return None if secret is None else self.keys.get(secret)
