"""Shared devices: to whom belongs what is done without a user where several people sign in.

Up to the first login it is the first user's. Afterwards it is nobody's, a customer of its own, or by setting
the last user's. It is told by the sessions with a user on the device, so it does not depend on the order of
arrival; a device with one user, or users who are one customer, is not shared.
"""

from __future__ import annotations

from sessionizer.identity.rules import IdentityRules
from sessionizer.statements import run, statement
from warehouse.lake import Lake
from warehouse.sieve import sifted


def point(lake: Lake, until: int, rules: IdentityRules, *, merged: bool) -> bool:
    """After the identities of a run are written: bring intervals, shared devices and the owners of sessions
    up to date. Where that changed anything, True and the temp table `recount` of the customers concerned.
    """
    always = str(rules.logged_out == "last_user").lower()
    also = statement("devices/touched_merged") if merged else ""
    run(lake, "devices/touched", always=always, merged=also)
    if not lake.query("SELECT count(*) FROM devices_asked")[0][0]:
        return False
    return settle(lake, until, rules)


def point_all(lake: Lake, until: int, rules: IdentityRules) -> None:
    """The same for all devices, after a rebuild of sessions and identities."""
    run(lake, "devices/all")
    settle(lake, until, rules)


def settle(lake: Lake, until: int, rules: IdentityRules) -> bool:
    """The same for the devices of the temp table `devices_asked`."""
    last_user = str(rules.logged_out == "last_user").lower()
    run(lake, "devices/contested")
    sieve = sifted(lake, "SELECT identity_key FROM devices_asked", "subject_key")
    run(lake, "devices/visits", sieve=sieve)
    run(lake, "devices/intervals", last_user=last_user)
    for name in ("known", "shared", "repointed"):
        run(lake, f"devices/{name}")
    ((intervals, sessions),) = run(lake, "devices/changed").fetchall()
    if intervals:
        for name in ("delete_intervals", "insert_intervals", "delete_shared", "insert_shared"):
            run(lake, f"devices/{name}")
        run(lake, "devices/redirect", until=until)
    if sessions:
        _move(lake)
    if intervals or sessions:
        run(lake, "devices/recounted")
    return bool(intervals or sessions)


def _move(lake: Lake) -> None:
    """Give the sessions of the temp table `repointed` to their owners."""
    ((first, last),) = lake.query("SELECT min(session_day), max(session_day) FROM repointed")
    days = f"DATE '{first}' AND DATE '{last}'"
    sieve = sifted(lake, "SELECT handle FROM repointed", "rowid")
    run(lake, "devices/moved_visits", days=days, sieve=sieve)
    run(lake, "devices/delete_visits", days=days, sieve=sieve)
    run(lake, "devices/insert_visits")
