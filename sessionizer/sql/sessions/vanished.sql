-- gone: sessions whose id a rebuild does not give again.
CREATE OR REPLACE TEMP TABLE gone AS
SELECT were.* FROM were ANTI JOIN lake.main.sessions AS sessions USING (session_id)
