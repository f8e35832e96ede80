-- device_intervals: whose each of them was when, by the sessions with a user on it.
CREATE OR REPLACE TEMP TABLE device_intervals AS
WITH logins AS (
    SELECT
        c.project, c.identity_key, v.started_at, v.identity_key AS user_key,
        lag(v.identity_key) OVER (
            PARTITION BY c.identity_key ORDER BY v.started_at, v.ended_at, v.identity_key
        ) AS user_before
    FROM contested AS c
    JOIN device_visits AS v ON v.subject_key = c.identity_key
    WHERE NOT v.is_nobodys
),
changes AS (
    SELECT project, identity_key, started_at, user_key, user_before
    FROM logins
    WHERE user_before IS NULL OR (user_key <> user_before AND {last_user})
),
parts AS (
    SELECT project, identity_key, CASE WHEN user_before IS NOT NULL THEN started_at END AS valid_from, user_key AS owner_key,
        CASE WHEN user_before IS NULL THEN 'first_user' ELSE 'last_user' END AS rule, started_at
    FROM changes
    UNION ALL
    SELECT project, identity_key, started_at, identity_key(project, 'shared_device', value), 'nobody', started_at
    FROM changes JOIN contested USING (project, identity_key)
    WHERE user_before IS NULL AND NOT {last_user}
)
SELECT
    project, identity_key, valid_from,
    lead(valid_from) OVER (PARTITION BY identity_key ORDER BY valid_from NULLS FIRST, started_at) AS valid_to,
    owner_key, rule
FROM parts
