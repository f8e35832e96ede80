-- changed: how many intervals or shared devices are others than before, and how many sessions.
SELECT
    (SELECT count(*) FROM (
        SELECT * FROM device_intervals
        EXCEPT
        SELECT * FROM lake.main.identity_intervals WHERE identity_key IN (SELECT identity_key FROM devices_asked)
    )) + (SELECT count(*) FROM (
        SELECT * FROM lake.main.identity_intervals WHERE identity_key IN (SELECT identity_key FROM devices_asked)
        EXCEPT
        SELECT * FROM device_intervals
    )) + (SELECT count(*) FROM (FROM shared_ids EXCEPT SELECT * EXCLUDE (handle) FROM shared_known)),
    (SELECT count(*) FROM repointed)
