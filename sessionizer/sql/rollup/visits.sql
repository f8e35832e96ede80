-- foreign_visits: of the visits that a run made, those on a device of somebody else's customer. Materialized, or the planner
-- may try every pair of owners first.
CREATE OR REPLACE TEMP TABLE foreign_visits AS
WITH signed AS MATERIALIZED (
    SELECT b.*, theirs.customer_id
    FROM born AS b JOIN visit_owners AS theirs ON theirs.identity_key = b.identity_key
    WHERE b.identity_key <> b.subject_key
)
SELECT v.subject_key, v.identity_key, v.started_at, v.first_message_id, v.ended_at, v.last_message_id
FROM signed AS v
JOIN visit_owners AS own ON own.identity_key = v.subject_key
WHERE own.customer_id <> v.customer_id
