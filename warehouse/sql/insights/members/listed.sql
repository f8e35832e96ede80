-- listed: a page of the ids of those who were picked, by what an answer's statement has found, and how many they are
{found},
picked AS (
    {picked}
),
ids AS (
    {who}
)
SELECT ids.id, count(*) OVER () AS n
FROM picked
LEFT JOIN ids USING (owner)
ORDER BY ids.id NULLS LAST
LIMIT $limit OFFSET $offset
