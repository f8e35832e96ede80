-- journeys_visits: how many visits there were by touch, of how many units; then the same of all
UNION ALL
SELECT 0, NULL, NULL, NULL, NULL, NULL, v.touch, NULL, NULL, NULL, count(*), count(DISTINCT v.owner)
FROM visits AS v
WHERE v.moment >= {since}
GROUP BY GROUPING SETS ((v.touch), ())
