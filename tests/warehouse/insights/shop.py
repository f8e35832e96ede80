"""The seeded shop's last days as a data folder with sessions and customers, for the doors of the insights."""

from pathlib import Path

from sessionizer.incremental import stitch
from tests.warehouse.insights.asked_lake import complete
from tests.warehouse.lakes import NOON
from tests.warehouse.shop_lake import shop_lake
from warehouse.lake import connect


def stitched_shop(root: Path) -> Path:
    """The folder; its clock stands at NOON, and everything before is in."""
    site = shop_lake(root, customers=25, days=12)
    with connect(site.settings, read_only=False) as lake:
        while stitch(lake, now=lambda: NOON).behind:
            pass
        complete(lake, NOON)
    # Else whenever the garbage is collected, and SQLite then folds its log into the file.
    site.registry.close()
    return root
