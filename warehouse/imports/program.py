"""`python -m warehouse.imports.program ID`: what the console filed, imported beside the writer."""

from __future__ import annotations

import os
import sys
from contextlib import closing

from warehouse.cli.options import chosen, now, open_registry
from warehouse.imports.inbox import work_off


def main() -> None:
    """Import the one whose number is the argument; settings are those of the environment."""
    settings = chosen(None)
    with closing(open_registry(settings)) as registry:
        work_off(settings, registry, int(sys.argv[1]), now, os.cpu_count() or 1)


if __name__ == "__main__":
    main()
