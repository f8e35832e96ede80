-- customers_after: the counts are sums over merged customers, sessions that came and sessions that went. Doubtful is a
-- customer whose first or last moment went with a session, who has no session or had no row; it is counted anew.
CREATE OR REPLACE TEMP TABLE customers_after AS
WITH was AS (
    SELECT
        coalesce(r.customer_id, c.customer_id) AS customer_id,
        min(project) AS project,
        min(first_seen) FILTER (sessions > 0) AS first_seen,
        max(last_seen) FILTER (sessions > 0) AS last_seen,
        sum(devices) AS devices,
        sum(user_ids) AS user_ids,
        sum(ids) AS ids,
        sum(sessions) AS sessions,
        sum(events) AS events
    FROM customers_before AS c
    LEFT JOIN renamed AS r ON r.old_customer_id = c.customer_id
    GROUP BY ALL
),
moved AS (
    SELECT identity_key, started_at, ended_at, events, 1 AS sign FROM born
    UNION ALL
    SELECT identity_key, started_at, ended_at, events, -1 FROM gone
),
visits_change AS (
    SELECT
        customer_id,
        min(started_at) FILTER (sign = 1) AS came_first,
        max(ended_at) FILTER (sign = 1) AS came_last,
        min(started_at) FILTER (sign = -1) AS went_first,
        max(ended_at) FILTER (sign = -1) AS went_last,
        sum(sign) AS sessions,
        sum(sign * events) AS events
    FROM moved JOIN identity_rows USING (identity_key)
    GROUP BY customer_id
),
ids_change AS (
    SELECT
        customer_id,
        min(project) AS project,
        count(*) FILTER (members.is_new AND kind = 'anonymous_id') AS devices,
        count(*) FILTER (members.is_new AND kind = 'user_id') AS user_ids,
        count(*) FILTER (members.is_new) AS ids,
        count(*) FILTER (NOT members.is_new) AS old_ids
    FROM identity_rows JOIN (SELECT identity_key, is_new FROM members) AS members USING (identity_key)
    WHERE starts_with(customer_id, 'c_')
    GROUP BY customer_id
)
SELECT
    ids.project,
    customer_id,
    least(was.first_seen, came_first) AS first_seen,
    greatest(was.last_seen, came_last) AS last_seen,
    (coalesce(was.devices, 0) + ids.devices)::BIGINT AS devices,
    (coalesce(was.user_ids, 0) + ids.user_ids)::BIGINT AS user_ids,
    (coalesce(was.sessions, 0) + coalesce(v.sessions, 0))::BIGINT AS sessions,
    (coalesce(was.events, 0) + coalesce(v.events, 0))::BIGINT AS events,
    (coalesce(was.ids, 0) + ids.ids)::BIGINT AS ids,
    coalesce(was.sessions, 0) + coalesce(v.sessions, 0) = 0
    OR (was.customer_id IS NULL AND ids.old_ids > 0)
    OR {recounted}
    OR coalesce(went_first = was.first_seen AND (came_first > went_first OR came_first IS NULL), false)
    OR coalesce(went_last = was.last_seen AND (came_last < went_last OR came_last IS NULL), false) AS doubtful
FROM ids_change AS ids
LEFT JOIN was USING (customer_id)
LEFT JOIN visits_change AS v USING (customer_id)
