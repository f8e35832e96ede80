-- moved_visits: the sessions that have another owner now, as they were. The days are constant for the sake of the planner.
CREATE OR REPLACE TEMP TABLE moved_visits AS
SELECT rowid AS handle, *
FROM lake.main.sessions
WHERE session_day BETWEEN {days} AND {sieve} AND rowid IN (SELECT handle FROM repointed)
