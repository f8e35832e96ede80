-- touched: the customers whose events or ids this run changed are to be evaluated; those that were merged away go.
INSERT INTO lake.main.tag_queue
SELECT customer_id
FROM (
    SELECT customer_id FROM identity_rows
    UNION
    SELECT old_customer_id FROM renamed
    {recounted}
)
WHERE starts_with(customer_id, 'c_')
ORDER BY customer_id
