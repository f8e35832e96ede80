-- mentioned: every id that the events named, previous ids too.
CREATE OR REPLACE TEMP TABLE mentioned AS
WITH one AS (
    SELECT identity_key, project, kind, value, first_load_seq, first_day, first_seen, last_seen FROM said
    UNION ALL
    SELECT p.identity_key, a.project, p.kind, a.previous_id, a.load_seq, a.day, a.first_seen, a.last_seen
    FROM aliases AS a JOIN previous AS p USING (project, previous_id)
)
SELECT
    identity_key, min(project) AS project, min(kind) AS kind, min(value) AS value,
    min(first_load_seq) AS first_load_seq, arg_min(first_day, first_load_seq) AS first_day, min(first_seen) AS first_seen,
    max(last_seen) AS last_seen
FROM one
GROUP BY identity_key
