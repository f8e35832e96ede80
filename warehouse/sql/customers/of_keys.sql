-- of_keys: the sessions of some ids in one scan, by constants.
SELECT * FROM sessions WHERE {among}
