-- trend: what came in each interval, by the values of a breakdown; then the same for the whole range
WITH happened AS (
{happened}
),
ranked AS (
    SELECT {by}, row_number() OVER (ORDER BY {first} DESC NULLS LAST, {by}) AS place
    FROM happened
    WHERE moment >= {since}
    GROUP BY {by}
    QUALIFY place <= {top}
),
named AS (
    SELECT h.* EXCLUDE ({by}), {named}, coalesce(t.place, {top} + 1) AS place
    FROM happened AS h
    LEFT JOIN ranked AS t USING ({by})
),
intervals AS (
    SELECT
        local,
        greatest(epoch_us(local AT TIME ZONE {zone}), {since}) AS begins,
        least(epoch_us((local + {every}) AT TIME ZONE {zone}), {until}) AS ends
    FROM (SELECT unnest(generate_series({begin}, {end}, {every})) AS local)
),
placed AS (
    SELECT * EXCLUDE (local), {spread} AS local
    FROM named
),
points AS (
    SELECT local, {by}, {measured}
    FROM placed
    GROUP BY local, {by}
),
whole AS (
    SELECT {by}, min(place) AS place, count(DISTINCT owner) AS n, {measured}
    FROM named
    WHERE moment >= {since}
    GROUP BY GROUPING SETS (({by}), ())
)
SELECT begins, ends, NULL AS n, place, {by}, {filled}, {formula}
FROM intervals
CROSS JOIN ({cells}) AS cells
LEFT JOIN points USING (local, {by})
UNION ALL
SELECT NULL, NULL, n, place, {by}, {filled}, {formula}
FROM whole
ORDER BY 4, {by}, 1
