-- foreign_visits: none.
CREATE OR REPLACE TEMP TABLE foreign_visits AS
SELECT subject_key, identity_key, started_at, first_message_id, ended_at, last_message_id FROM lake.main.sessions LIMIT 0
