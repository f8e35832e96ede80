-- replace: puts all sessions in.
INSERT INTO lake.main.sessions SELECT * FROM visits ORDER BY session_day, started_at, session_id
