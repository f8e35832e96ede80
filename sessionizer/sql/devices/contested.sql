-- contested: of these, the devices that people of several customers have used, and since which event that is known.
CREATE OR REPLACE TEMP TABLE contested AS
WITH edges AS (
    SELECT project, left_key, left_value, right_key, load_seq, state, rule
    FROM lake.main.identity_edges
    WHERE left_key IN (SELECT identity_key FROM devices_asked) AND left_kind = 'anonymous_id' AND right_kind = 'user_id'
        AND rule IS DISTINCT FROM 'decision'
),
owners AS (
    SELECT identity_key, customer_id
    FROM lake.main.identities
    WHERE identity_key IN (SELECT left_key FROM edges UNION SELECT right_key FROM edges)
)
SELECT
    e.left_key AS identity_key, min(e.project) AS project, min(e.left_value) AS value,
    min(e.load_seq) FILTER (e.state = 'blocked') AS load_seq
FROM edges AS e
JOIN owners AS device ON device.identity_key = e.left_key
JOIN owners AS person ON person.identity_key = e.right_key
GROUP BY e.left_key
HAVING count(DISTINCT person.customer_id) > 1
    OR bool_or(e.state = 'blocked' AND NOT starts_with(e.rule, 'most_') AND device.customer_id <> person.customer_id)
