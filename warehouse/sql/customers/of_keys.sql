-- of_keys: the sessions of many ids in one scan. Keys are constants, so that the files' statistics count.
SELECT * FROM sessions WHERE identity_key IN ({keys})
