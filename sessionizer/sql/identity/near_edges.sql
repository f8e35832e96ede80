-- near_edges: the edges of the ids whose customer was merged away.
CREATE OR REPLACE TEMP TABLE near_edges AS
SELECT left_key, left_kind, right_key, right_kind, evidence, load_seq, state
FROM lake.main.identity_edges
WHERE left_key IN (SELECT identity_key FROM members JOIN renamed USING (label))
    OR right_key IN (SELECT identity_key FROM members JOIN renamed USING (label))
