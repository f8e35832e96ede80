-- would_enter: customers who entered within a time, of the stays that were just worked out
SELECT count(DISTINCT customer_id)
FROM stays_now
WHERE entered_at > make_timestamptz($after) AND entered_at <= make_timestamptz($until)
