"""What can go wrong with an import as a whole; a row that will not do is refused and kept instead."""

from sdk_contract.errors import Terminal


class BadImport(Terminal):
    """A file, a mapping or an option of an import cannot be used; the text says what would do."""


class ImportBusy(Terminal):
    """Another import of this data folder is running."""
