-- gone: sessions whose id a rebuild does not give again.
CREATE OR REPLACE TEMP TABLE gone AS
SELECT * FROM lake.main.sessions WHERE session_id NOT IN (SELECT session_id FROM visits)
