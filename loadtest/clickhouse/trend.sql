-- trend: units of an event by day
SELECT uniqExact(owner), intDiv(moment, 86400000000) AS day
FROM ({owned}
    WHERE e.type = 'track' AND e.event = 'Order Completed' AND e.moment >= {since}
)
GROUP BY day WITH TOTALS
