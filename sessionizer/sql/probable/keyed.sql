-- keyed: people with the keys that two records must share one of to be compared.
CREATE OR REPLACE TEMP TABLE keyed AS SELECT *, {keys} FROM people ORDER BY id
