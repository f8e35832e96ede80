-- channels: through which sessions came, the most frequent first.
SELECT channel, count(*) AS sessions, min(started_at) AS first_seen, max(started_at) AS last_seen
FROM own
WHERE channel IS NOT NULL
GROUP BY channel
ORDER BY sessions DESC, channel
