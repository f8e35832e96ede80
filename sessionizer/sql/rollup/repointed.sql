-- repointed: visits without a user that have another owner now.
UNION ALL
SELECT v.subject_key, v.started_at, v.ended_at FROM device_visits AS v JOIN repointed USING (handle)
