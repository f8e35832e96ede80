-- insert_intervals: puts in those that are true now.
INSERT INTO lake.main.identity_intervals SELECT * FROM device_intervals ORDER BY identity_key, valid_from NULLS FIRST
