-- stickiness: how many units did it in how many intervals
WITH happened AS (
{happened}
),
days AS (
    SELECT owner, number
    FROM happened
    GROUP BY owner, number
    HAVING count(*) {criteria}
),
units AS (
    SELECT owner, count(*) AS intervals
    FROM days
    GROUP BY owner
)
SELECT intervals, count(*) AS units
FROM units
GROUP BY intervals
ORDER BY intervals
