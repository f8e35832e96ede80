-- before: the sessions that may change, as they are now. The days are constant for the sake of the planner, and one range:
-- beside a list of them the sieve would be looked at last.
CREATE OR REPLACE TEMP TABLE before AS
SELECT rowid AS handle, *
FROM lake.main.sessions
WHERE session_day BETWEEN DATE '{first_day}' AND DATE '{last_day}' AND {sieve} AND rowid IN (SELECT handle FROM affected)
