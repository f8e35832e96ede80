-- links: new edges as pairs of labels. Materialized, or the planner may try every pair of members first.
CREATE OR REPLACE TEMP TABLE links AS
WITH lefts AS MATERIALIZED (
    SELECT e.right_key, m.label AS left_label
    FROM new_edges AS e JOIN members AS m ON m.identity_key = e.left_key
    WHERE e.state = 'joined'
),
ends AS MATERIALIZED (
    SELECT l.left_label, m.label AS right_label
    FROM lefts AS l JOIN members AS m ON m.identity_key = l.right_key
)
SELECT DISTINCT left_label, right_label FROM ends WHERE left_label <> right_label
