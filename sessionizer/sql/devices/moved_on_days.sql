-- moved_on_days: those of some days, constant for the sake of the planner; what they were sorted by leaves out more.
SELECT rowid AS handle, *
FROM lake.main.sessions
WHERE session_day IN ({days}) AND identity_key IN ({keys}) AND rowid IN (SELECT handle FROM repointed)
