-- changed: rows of a table that are new, or others than they were.
WITH now AS ({now}), before AS ({before})
SELECT now.*
FROM now
ANTI JOIN (SELECT {keys}, hash(before) AS fingerprint FROM before) AS was
    ON {same} AND hash(now) = was.fingerprint
