-- older: the ages that the lake has to be asked for: the oldest id of a customer was not named in this run.
CREATE OR REPLACE TEMP TABLE older AS
SELECT identity_key AS label, first_load_seq
FROM lake.main.identities
WHERE identity_key IN (SELECT label FROM ages WHERE first_load_seq IS NULL)
