-- delete_intervals: takes out the intervals of these devices.
DELETE FROM lake.main.identity_intervals WHERE identity_key IN (SELECT identity_key FROM devices_asked)
