-- born: rows of sessions that became true.
CREATE OR REPLACE TEMP TABLE born AS
SELECT * FROM visits EXCEPT SELECT * EXCLUDE (handle) FROM before
