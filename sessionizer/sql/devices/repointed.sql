-- repointed: sessions without a user that have another owner now.
CREATE OR REPLACE TEMP TABLE repointed AS
SELECT
    v.handle, v.session_day, v.identity_key AS old_key, coalesce(i.owner_key, v.subject_key) AS new_key
FROM device_visits AS v
LEFT JOIN device_intervals AS i
    ON i.identity_key = v.subject_key
    AND (i.valid_from IS NULL OR v.started_at >= i.valid_from)
    AND (i.valid_to IS NULL OR v.started_at < i.valid_to)
WHERE v.is_nobodys AND v.identity_key <> coalesce(i.owner_key, v.subject_key)
