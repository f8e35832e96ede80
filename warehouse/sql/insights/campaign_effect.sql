-- campaign_effect: how much came on each day, of those the campaign reached and of those to compare with; then n
WITH happened AS (
{happened}
)
SELECT day, {treated}, {compared}, count(DISTINCT owner)
FROM happened
GROUP BY GROUPING SETS ((day), ())
ORDER BY day NULLS LAST
