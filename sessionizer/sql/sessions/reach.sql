-- reach: where a session near the new events lasts longer than they do, the session after it may have to be joined to it.
SELECT epoch_us(min(lo)) AS lo, epoch_us(max(ended_at)) AS hi
FROM near JOIN touched USING (subject_key)
WHERE started_at <= hi AND ended_at > hi
GROUP BY event_day
