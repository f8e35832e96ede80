-- lives_known: the lives of these so far.
CREATE OR REPLACE TEMP TABLE lives_known AS
SELECT rowid AS handle, *
FROM lake.main.identity_lives
WHERE {among} AND first_key IN (SELECT first_key FROM mortal_days)
