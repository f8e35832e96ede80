-- known_edges: nothing, for a rebuild.
CREATE OR REPLACE TEMP TABLE known_edges AS
SELECT left_key, right_key, day, true AS final FROM lake.main.identity_edges LIMIT 0
