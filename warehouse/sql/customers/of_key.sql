-- of_key: the sessions of one id. A single key is a filter of the scan itself, so that other columns are read for its rows only.
SELECT * FROM sessions WHERE identity_key = {key}
