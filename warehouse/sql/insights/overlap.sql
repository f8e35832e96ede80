-- overlap: how many customers are in exactly these cohorts and no other of the question; the first bit is the first cohort
WITH inside AS (
{members}
),
combined AS (
    SELECT customer_id, sum(bit)::BIGINT AS bits
    FROM inside
    WHERE customer_id IN (SELECT customer_id FROM customers WHERE project = {project})
    GROUP BY customer_id
)
SELECT bits, count(*) AS customers
FROM combined
GROUP BY bits
ORDER BY customers DESC, bits
