-- touched: from when to when each subject has new events, a day at a time.
CREATE OR REPLACE TEMP TABLE touched AS
SELECT subject_key, event_day, min(happened_at) AS lo, max(happened_at) AS hi
FROM fresh
WHERE apart IS NULL
GROUP BY subject_key, event_day
