-- gone: rows of sessions that are no longer true.
CREATE OR REPLACE TEMP TABLE gone AS
SELECT * EXCLUDE (handle) FROM before EXCEPT SELECT * FROM visits
