-- intervals_near: whose the devices of this run were when, where several people use them. Read once, because every look into
-- the lake takes milliseconds.
CREATE OR REPLACE TEMP TABLE intervals_near AS
SELECT * FROM lake.main.identity_intervals WHERE identity_key IN (SELECT subject_key FROM touched)
