-- known: the accounts of which these are members; they stay as they are.
INSERT INTO known
SELECT rowid, *
FROM lake.main.identities
WHERE identity_key IN (SELECT right_key FROM pairs WHERE right_kind IN ({accounts}))
