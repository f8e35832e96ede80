-- survey: how often each score was given, by interval and breakdown; null: no score of the scale
WITH happened AS (
{happened}
),
counted AS (
    SELECT *
    FROM happened
    QUALIFY NOT {last} OR row_number() OVER (PARTITION BY owner ORDER BY moment DESC, seq DESC) = 1
)
SELECT
    greatest(epoch_us(local AT TIME ZONE {zone}), {since}) AS begins{by},
    score,
    count(*) AS answers,
    (SELECT count(DISTINCT owner) FROM counted) AS n
FROM counted
GROUP BY local{by}, score
ORDER BY ALL
