-- new_edges: the pairs that were not there, joined or blocked. A device belongs to the first user it was joined with;
-- the edge to any other is kept as blocked, so that a shared device never merges two people.
CREATE OR REPLACE TEMP TABLE new_edges AS
WITH owners AS (
    SELECT left_key, coalesce(min(owner), arg_min(right_key, load_seq)) AS owner
    FROM pairs
    LEFT JOIN (SELECT left_key, right_key AS owner FROM known_edges WHERE state = 'joined') USING (left_key)
    GROUP BY left_key
)
SELECT
    project, left_key, left_kind, left_value, right_key, right_kind, right_value, evidence, message_id, load_seq,
    CASE WHEN foreign_device THEN 'blocked' ELSE 'joined' END AS state,
    CASE WHEN foreign_device THEN 'device_has_owner' END AS rule
FROM (
    SELECT pairs.*, left_kind = 'anonymous_id' AND right_key <> owner AS foreign_device
    FROM pairs
    JOIN owners USING (left_key)
    ANTI JOIN known_edges ON known_edges.left_key = pairs.left_key AND known_edges.right_key = pairs.right_key
)
