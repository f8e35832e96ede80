"""`erase`: many people at once are erased from a large past, and what that costs.

The past lies in landing and lake, sessions and customers stitched. Then the people are filed, and the running
writer erases them in one pass.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec

from loadtest.history import Past, write_past
from loadtest.house import House
from loadtest.processes import Program, cpu_of, role, sojourn, wait_until
from warehouse.catalogs.kind import ATTACHED
from warehouse.erasure.filing import file_erasure
from warehouse.erasure.people import ERASE
from warehouse.erasure.subject import find_subject
from warehouse.lake import Lake
from warehouse.registry import Registry
from warehouse.secrets import Secrets
from warehouse.upkeep import file_shapes

END: Final = 1_795_262_400_000_000  # 2026-11-21T12:00Z
LIMIT_S: Final = 3_600.0
Report = Callable[[str], None]


class Erased(msgspec.Struct, frozen=True):
    """What the command prints. `files` is how many files of events the lake had, `rewritten` how many of all
    its files were written anew; CPU seconds are of the writer alone and of its searches.
    """

    events: int
    people: int
    rows: int
    objects: int
    files: int
    rewritten: int
    looks: int
    seconds: float
    writer_cpu_s: float
    look_cpu_s: float
    difference: int
    held: bool
