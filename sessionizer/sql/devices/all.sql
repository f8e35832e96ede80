-- devices_asked: all devices where a user was blocked.
CREATE OR REPLACE TEMP TABLE devices_asked AS
SELECT DISTINCT left_key AS identity_key
FROM lake.main.identity_edges
WHERE state = 'blocked' AND left_kind = 'anonymous_id' AND right_kind = 'user_id'
