-- entries: the intervals in which journeys of each owner begin, and from when to when
SELECT owner, local, min(moment) AS opens, max(moment) AS closes
FROM {begun}
WHERE begins
GROUP BY owner, local
