-- known_edges: the edges that these left ids already have.
CREATE OR REPLACE TEMP TABLE known_edges AS
SELECT left_key, right_key, state FROM lake.main.identity_edges WHERE left_key IN (SELECT left_key FROM pairs)
