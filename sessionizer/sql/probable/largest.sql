-- largest: how many records may share a key `{key}`: the rarest keys first, as far as {pairs} pairs go.
WITH blocks AS (SELECT count(*) AS size FROM keyed WHERE {key} IS NOT NULL GROUP BY {key}),
sizes AS (SELECT size, sum(size * (size - 1) // 2) AS pairs FROM blocks GROUP BY size),
growing AS (SELECT size, sum(pairs) OVER (ORDER BY size) AS pairs FROM sizes)
SELECT coalesce(max(size), 1) FROM growing WHERE pairs <= {pairs}
