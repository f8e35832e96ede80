"""The seeded shop's last days as a data folder with sessions and customers, for the doors of the insights."""

import atexit
import shutil
import tempfile
from functools import cache
from pathlib import Path

from sessionizer.incremental import stitch
from tests.warehouse.insights.asked_lake import complete
from tests.warehouse.lakes import NOON, lake_of_writer
from tests.warehouse.shop_lake import shop_lake


def stitched_shop(root: Path) -> Path:
    """The folder; its clock stands at NOON, and everything before is in."""
    shutil.copytree(_made(), root, dirs_exist_ok=True)
    return root


@cache
def _made() -> Path:
    """The first of them, of which the others are copies."""
    root = Path(tempfile.mkdtemp(prefix="sojourn-shop-"))
    atexit.register(shutil.rmtree, root, ignore_errors=True)
    site = shop_lake(root, customers=25, days=12)
    with lake_of_writer(site.settings) as lake:
        while stitch(lake, now=lambda: NOON).behind:
            pass
        complete(lake, NOON)
    # Else whenever the garbage is collected, and SQLite then folds its log into the file.
    site.registry.close()
    return root
