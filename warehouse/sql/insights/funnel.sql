-- funnel: how many reached each step, and how long it took them: by interval, by value, and over all
WITH {chains},
shown AS (
    {shown}
),
ranked AS (
    {ranked}
),
named AS (
    SELECT s.* EXCLUDE ({names}), {named}, coalesce(t.place, {top} + 1) AS place
    FROM shown AS s
    LEFT JOIN ranked AS t USING ({names})
),
cut AS (
    SELECT 0 AS cut, local, {names}, place, {best}
    FROM named
    WHERE {parted}
    {each_point}
    UNION ALL
    SELECT 1 AS cut, NULL AS local, {names}, place, {best}
    FROM named
    WHERE {broken}
    {each_value}
    UNION ALL
    SELECT 2 AS cut, NULL AS local, {nothing}, NULL AS place, {best}
    FROM named
    {each}
),
judged AS (
    SELECT cut, local, {names}, place, unnest(best), least(latest + {within}, {end}) <= {complete} AS mature
    FROM cut
),
counted AS (
    SELECT cut, local, {names}, place, {counts}
    FROM judged
    GROUP BY ALL
),
intervals AS (
    SELECT
        local,
        greatest(epoch_us(local AT TIME ZONE {zone}), {since}) AS begins,
        least(epoch_us((local + {every}) AT TIME ZONE {zone}), {until}) AS ends
    FROM (SELECT unnest(generate_series({begin}, {stop}, {every})) AS local)
    WHERE {parted}
),
cells AS (
    {cells}
)
SELECT begins, ends, cells.place, {names}, counted.* EXCLUDE (cut, local, {names}, place)
FROM intervals
CROSS JOIN cells
LEFT JOIN (SELECT * FROM counted WHERE cut = 0) AS counted USING (local, {names})
UNION ALL
SELECT NULL, NULL, place, {names}, counted.* EXCLUDE (cut, local, {names}, place)
FROM counted
WHERE cut > 0
ORDER BY 3 NULLS FIRST, {names}, 1 NULLS FIRST
