-- counted: rows of customers from all their ids and sessions. One without a session was seen when its ids were; a shared
-- device on which nothing was done without a user is none.
SELECT
    min(i.project) AS project,
    customer_id,
    coalesce(min(s.first_seen), min(i.first_seen)) AS first_seen,
    coalesce(max(s.last_seen), greatest(min(i.first_seen), max(i.last_seen))) AS last_seen,
    count(*) FILTER (kind = 'anonymous_id') AS devices,
    count(*) FILTER (kind = 'user_id') AS user_ids,
    coalesce(sum(s.sessions), 0)::BIGINT AS sessions,
    coalesce(sum(s.events), 0)::BIGINT AS events,
    count(*) AS ids
FROM (SELECT * FROM lake.main.identities {which_ids}) AS i
LEFT JOIN (
    SELECT
        identity_key, min(started_at) AS first_seen, max(ended_at) AS last_seen, count(*) AS sessions,
        sum(events) AS events
    FROM lake.main.sessions
    {which_sessions}
    GROUP BY identity_key
) AS s USING (identity_key)
WHERE starts_with(customer_id, 'c_')
GROUP BY customer_id
HAVING bool_or(kind <> 'shared_device') OR sum(s.sessions) > 0
