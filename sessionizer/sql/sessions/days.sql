-- days: how many events each day has, or each minute of a day.
SELECT epoch_us({opens}) AS opens, count(*) AS events
FROM whole
WHERE {among}
GROUP BY ALL
ORDER BY ALL
