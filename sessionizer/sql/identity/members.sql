-- members: every id this run has to do with, as known plus what the events said. Its label is the key of the oldest
-- id of its customer as it was before this run; a new id is its own label. last_seen moves by whole hours: were it
-- exact, every run would rewrite the row of every id that is active.
CREATE OR REPLACE TEMP TABLE members AS
SELECT
    coalesce(k.project, m.project) AS project,
    identity_key,
    coalesce(k.kind, m.kind) AS kind,
    coalesce(k.value, m.value) AS value,
    coalesce(('0x' || substr(k.customer_id, 3))::BIGINT, identity_key) AS label,
    coalesce(k.first_load_seq, m.first_load_seq) AS first_load_seq,
    least(k.first_seen, m.first_seen) AS first_seen,
    greatest(k.last_seen, date_trunc('hour', m.last_seen)) AS last_seen,
    k.evidence,
    k.customer_id IS NULL AS is_new,
    coalesce(k.first_day, m.first_day) AS first_day
FROM known AS k
FULL JOIN {mentioned} AS m USING (identity_key)
