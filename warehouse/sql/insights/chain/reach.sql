-- reach: who came to a step, and when first; earlier steps of that journey are earliest too
SELECT {keys}, {times}, max(t1) AS latest, max(t{number}) AS arrived
FROM step{number}
GROUP BY {keys}
