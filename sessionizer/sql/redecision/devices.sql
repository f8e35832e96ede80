-- devices_asked: devices of closure that are or were shared.
CREATE OR REPLACE TEMP TABLE devices_asked AS
SELECT left_key AS identity_key
FROM lake.main.identity_edges
WHERE state = 'blocked' AND left_kind = 'anonymous_id' AND right_kind = 'user_id'
    AND left_key IN (SELECT identity_key FROM closure)
UNION
SELECT identity_key FROM lake.main.identity_intervals WHERE identity_key IN (SELECT identity_key FROM closure)
