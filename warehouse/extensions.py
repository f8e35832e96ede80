"""DuckDB's extensions, loaded from the files in their own Python wheels: no network and no home folder is
asked.
"""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import duckdb

from warehouse.errors import ExtensionMissing

_WHEELS = {
    "sqlite_scanner": "duckdb-extension-sqlite-scanner",
    "postgres_scanner": "duckdb-extension-postgres-scanner",
    "ducklake": "duckdb-extension-ducklake",
}


# Whose signature this process has verified: that takes 0.1 s of CPU, loading them without a millisecond.
_verified: set[Path] = set()


def load_extensions(con: duckdb.DuckDBPyConnection, *names: str) -> None:
    """Load these extensions. ExtensionMissing names the package to install.

    Where `con` was opened to allow unsigned extensions, that is over once this returns, and was only used for
    files whose signature this process has verified before.
    """
    files = [extension_file(name) for name in names]
    for file in _verified.intersection(files):
        con.execute(f"LOAD '{file}'")
    con.execute("SET allow_unsigned_extensions = false")
    for file in files:
        con.execute(f"LOAD '{file}'")
        _verified.add(file)


def extension_file(name: str) -> Path:
    """The extension's binary in its wheel, for exactly the running DuckDB."""
    wheel = _WHEELS[name]
    advice = f"install it with: pip install {wheel}=={duckdb.__version__}"
    try:
        found = distribution(wheel)
    except PackageNotFoundError:
        raise ExtensionMissing(f"the package {wheel} is not installed; {advice}") from None
    file = Path(
        str(
            found.locate_file(
                f"duckdb_extension_{name}/extensions/v{duckdb.__version__}/{name}.duckdb_extension"
            )
        )
    )
    if not file.is_file():
        raise ExtensionMissing(
            f"the package {wheel} {found.version} has no file for DuckDB {duckdb.__version__}; {advice}"
        )
    return file
