-- places: where sessions began, the most frequent first.
SELECT country, region, city, count(*) AS sessions, max(started_at) AS last_seen
FROM own
WHERE country IS NOT NULL
GROUP BY ALL
ORDER BY sessions DESC, last_seen DESC, country, region, city
LIMIT 50
