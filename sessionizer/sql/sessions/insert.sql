-- insert: puts new rows in.
INSERT INTO lake.main.sessions SELECT * FROM {rows} ORDER BY session_day, started_at, session_id
