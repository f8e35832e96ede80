-- older: the ages that the lake has to be asked for: the oldest id of a customer was not named in this run.
SELECT identity_key AS label, first_load_seq
FROM lake.main.identities
WHERE identity_key IN (SELECT label FROM asked_labels)
ORDER BY label
