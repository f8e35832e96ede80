-- trend_rolled: what came in each interval, from the roll-up; in which ones somebody was is one bit each
WITH intervals AS MATERIALIZED (
    SELECT
        local,
        row_number() OVER (ORDER BY local) - 1 AS number,
        greatest(epoch_us(local AT TIME ZONE {zone}), {since}) AS begins,
        least(epoch_us((local + {every}) AT TIME ZONE {zone}), {until}) AS ends
    FROM (SELECT unnest(generate_series({begin} - {before} * {every}, {end}, {every})) AS local)
),
hours AS MATERIALIZED (
    SELECT hour, number, hour >= {since} // 3600000000 AS inside{words}
    FROM (
        SELECT hour, {local} AS local
        FROM (SELECT unnest(range({first_hour}, {end_hour})) AS hour)
    )
    LEFT JOIN intervals USING (local)
),
-- To take a row's bits out of a list costs half of finding its hour in a table.
lists AS MATERIALIZED (
    SELECT list(inside ORDER BY hour) AS inside{lists}
    FROM hours
),
people AS (
    SELECT {owner} AS owner, {bits}
    FROM (
        SELECT e.*, lists.inside[e.hour - {first_hour} + 1] AS inside{listed}
        FROM daily AS e
        CROSS JOIN lists
        WHERE e.hour >= {first_hour} AND e.hour < {end_hour}
    ) AS e
    {customers}
    WHERE {having}
    GROUP BY owner
),
shares AS MATERIALIZED (
    SELECT count(*) FILTER ({any}) AS n{all_units}{units}
    FROM people
),
counts AS MATERIALIZED (
    SELECT number{counts}
    FROM {counted}
    GROUP BY number
),
points AS (
    SELECT number, begins, ends, {measured}
    FROM intervals
    JOIN (SELECT unnest(range({count})) AS number{each_units} FROM shares) USING (number)
    LEFT JOIN counts USING (number)
    WINDOW back AS (ORDER BY number ROWS {before} PRECEDING)
),
whole AS (
    SELECT n, {whole}
    FROM shares
    CROSS JOIN (SELECT count(*) AS numbers{all_counts} FROM counts)
)
SELECT begins, ends, NULL AS n, 1 AS place, '' AS b0, {values}, {formula}
FROM points
WHERE number >= {before}
UNION ALL
SELECT NULL, NULL, n, 1, NULL, {values}, {formula}
FROM whole
ORDER BY 5, 1
