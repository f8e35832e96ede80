"""Masked fields that were shown: how many to whom lately, beside the audit log's lines."""

from __future__ import annotations

from typing import Final

from warehouse.registry.audit import Audit

SCRIPT = """
    CREATE TABLE reveals (actor TEXT NOT NULL, at INTEGER NOT NULL);
    CREATE INDEX reveals_of ON reveals (actor, at)
    """
HOUR: Final = 3_600_000_000


class Reveals(Audit):
    """The part of the registry that counts reveals."""

    def count_reveal(self, actor: str, detail: str, most: int) -> int:
        """Note one more reveal, before anything is shown: 0. Nothing where `most` were in the last hour: then
        the seconds until the next may be.
        """
        with self._transaction():
            since = self._now() - HOUR
            self._con.execute("DELETE FROM reveals WHERE at <= ?", (since,))
            sql = "SELECT at FROM reveals WHERE actor = ? ORDER BY at"
            done = [at for (at,) in self._con.execute(sql, (actor,))]
            if len(done) >= most:
                self._note(actor, "reveal.refused", detail)
                return int(-(-(done[len(done) - most] - since) // 1_000_000))
            self._con.execute("INSERT INTO reveals VALUES (?, ?)", (actor, self._now()))
            self._note(actor, "reveal", detail)
        return 0
