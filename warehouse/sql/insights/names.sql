-- names: events of the last days, as questions name them, the most frequent first
SELECT if(type = 'track', event, type || ':' || event) AS name
FROM events
WHERE event IS NOT NULL AND event_day > (SELECT max(event_day) FROM events) - 7
GROUP BY ALL
ORDER BY count(*) DESC, name
LIMIT 300
