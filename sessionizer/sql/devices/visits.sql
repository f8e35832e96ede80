-- device_visits: the sessions on the devices that are looked at, with what tells whose they are. Of all sessions little is
-- read: each text would take as long as all the rest.
CREATE OR REPLACE TEMP TABLE device_visits AS
SELECT rowid AS handle, subject_key, identity_key, user_id IS NULL AS is_nobodys, started_at, ended_at, session_day
FROM lake.main.sessions
WHERE {sieve} AND subject_key IN (SELECT identity_key FROM devices_asked)
