"""Copies of saved cohorts: what a lake that is made anew from landing could not know."""

from __future__ import annotations

from warehouse.registry.database import Database

SCRIPT = """
    CREATE TABLE cohorts (
        project TEXT NOT NULL, cohort TEXT NOT NULL, text TEXT NOT NULL, PRIMARY KEY (project, cohort))
    """


class Cohorts(Database):
    """The part of the registry that keeps copies of saved cohorts, each as JSON."""

    def keep_cohort(self, project: str, cohort: str, text: str) -> None:
        """Keep this copy in place of the one before."""
        with self._transaction():
            self._con.execute("INSERT OR REPLACE INTO cohorts VALUES (?, ?, ?)", (project, cohort, text))

    def forget_cohort(self, project: str, cohort: str) -> None:
        """Keep no copy any more."""
        with self._transaction():
            self._con.execute("DELETE FROM cohorts WHERE project = ? AND cohort = ?", (project, cohort))

    def cohort_names(self) -> set[tuple[str, str]]:
        """(project, cohort) of every copy."""
        return {(project, cohort) for project, cohort in self._all("SELECT project, cohort FROM cohorts")}

    def cohort_copy(self, project: str, cohort: str) -> str:
        """One copy that is there."""
        sql = "SELECT text FROM cohorts WHERE project = ? AND cohort = ?"
        return str(self._all(sql, (project, cohort))[0][0])
