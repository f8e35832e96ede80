"""What was sent as an id and is none, counted by value."""

from sessionizer.identity.rules import IdentityRules
from sessionizer.identity.sightings import Found
from sessionizer.statements import run, statement
from warehouse.lake import Lake


def add(lake: Lake, source: str, rules: IdentityRules, found: Found) -> int:
    """Add what the events of a run hold; returns how many such values there are among them."""
    if not found.junk and not found.rich:
        return 0
    find(lake, source, rules, found)
    count = int(lake.query("SELECT count(*) FROM junk_found")[0][0])
    if count:
        run(lake, "identity/junk_known")
        run(lake, "identity/junk_delete")
        run(lake, "identity/junk_insert")
    return count


def find(lake: Lake, source: str, rules: IdentityRules, found: Found | None = None) -> None:
    """Make the temp table `junk_found` of the events of `source`."""
    rich = statement("identity/junk_named") if found is None or found.rich else ""
    run(lake, "identity/junk", source=source, longest=rules.longest, rich=rich)
