"""The keys that hash and encrypt, read when somebody first needs them, and again when their files change."""

from collections.abc import Callable
from pathlib import Path

from sdk_contract.privacy import Vault
from warehouse.secrets import Secrets


class Vaults:
    """The secrets of one data folder; `vault` makes them where there are none."""

    def __init__(self, folder: Path, now: Callable[[], int], random: Callable[[int], bytes]) -> None:
        self._folder, self._now, self._random = folder, now, random
        self._secrets: Secrets | None = None

    @property
    def opened(self) -> bool:
        return self._secrets is not None

    def vault(self) -> Vault:
        """The newest keys; the first call reads files and loads the cipher. SecretError for a bad file."""
        if self._secrets is None:
            secrets = Secrets.open(self._folder, self._now, self._random)
            secrets.vault().seal(b"")  # so that the cipher is not loaded while a request waits
            self._secrets = secrets
        return self._secrets.vault()

    def refresh(self) -> bool:
        """Looks for new and forgotten keys; True where there are other ones now."""
        return self._secrets is not None and self._secrets.refresh()
