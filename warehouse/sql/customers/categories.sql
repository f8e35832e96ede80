-- categories: what the customer looks at, by events.
SELECT category, count(*) AS events
FROM (SELECT unnest(categories) AS category FROM said)
GROUP BY category
ORDER BY events DESC, category
LIMIT 10
