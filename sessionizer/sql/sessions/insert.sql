-- insert: puts the new rows in.
INSERT INTO lake.main.sessions SELECT * FROM born ORDER BY session_day, started_at, session_id
