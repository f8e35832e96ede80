-- device_visits: the sessions on the devices that are looked at.
CREATE OR REPLACE TEMP TABLE device_visits AS
SELECT rowid AS handle, *
FROM lake.main.sessions
WHERE subject_key IN (SELECT identity_key FROM devices_asked)
