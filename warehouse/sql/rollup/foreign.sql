-- foreign_visits: visits on a device in which somebody else is signed in than its own customer. Their owners are looked up
-- once, and materialized: the planner may try every pair of them first.
CREATE OR REPLACE TEMP TABLE foreign_visits AS
WITH signed AS MATERIALIZED (
    SELECT s.subject_key, s.identity_key, s.started_at, s.first_message_id, s.ended_at, s.last_message_id
    FROM {visits} AS s
    WHERE {among}
),
owners AS MATERIALIZED (
    SELECT identity_key, customer_id
    FROM lake.main.identities
    WHERE identity_key IN (SELECT unnest([subject_key, identity_key]) FROM signed)
),
theirs AS MATERIALIZED (
    SELECT signed.*, owners.customer_id
    FROM signed JOIN owners ON owners.identity_key = signed.identity_key
    WHERE signed.identity_key <> signed.subject_key
)
SELECT t.subject_key, t.identity_key, t.started_at, t.first_message_id, t.ended_at, t.last_message_id
FROM theirs AS t
JOIN owners AS own ON own.identity_key = t.subject_key
WHERE own.customer_id <> t.customer_id
