-- before: the sessions that may change, as they are now. The days are constant for the sake of the planner.
CREATE OR REPLACE TEMP TABLE before AS
SELECT rowid AS handle, *
FROM lake.main.sessions
WHERE session_day IN ({days}) AND rowid IN (SELECT handle FROM affected)
