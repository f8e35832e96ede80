-- were: the sessions there are, before all are cut anew.
CREATE OR REPLACE TEMP TABLE were AS
SELECT session_id, subject_key, started_at, first_message_id FROM lake.main.sessions
