-- delete: takes out the rows that are others now.
DELETE FROM lake.main.identity_lives
WHERE rowid IN (
    SELECT handle FROM lives_known AS k JOIN lives_now AS n USING (identity_key) WHERE n.last_day <> k.last_day
)
