-- clv: the history of purchases of each unit that bought for the first time in the range, by days
WITH happened AS (
{happened}
),
days AS (
    SELECT owner, day, any_value(named) AS named, sum(worth)::HUGEINT AS worth
    FROM happened
    GROUP BY owner, day
)
SELECT
    any_value(named) AS named,
    count(*) - 1 AS x,
    max(day) - min(day) AS tx,
    {last} - min(day) AS age,
    (sum(worth) - min_by(worth, day)) / 10000 AS again,
    count(*) FILTER (day <= {split}) - 1 AS early_x,
    max(day) FILTER (day <= {split}) - min(day) AS early_tx,
    {split} - min(day) AS early_age,
    coalesce(sum(worth) FILTER (day <= {split}) - min_by(worth, day), 0) / 10000 AS early_again,
    count(*) FILTER (day > {split}) AS later_x,
    coalesce(sum(worth) FILTER (day > {split}), 0) / 10000 AS later_worth
FROM days
GROUP BY owner
HAVING min(day) >= {first}
ORDER BY x, tx, age, again, owner
