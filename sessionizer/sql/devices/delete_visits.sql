-- delete_visits: takes out the sessions that have another owner now.
DELETE FROM lake.main.sessions
WHERE session_day BETWEEN {days} AND {sieve} AND rowid IN (SELECT handle FROM repointed)
